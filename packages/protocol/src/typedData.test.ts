import fc from 'fast-check'
import {
  encodeAbiParameters,
  hashDomain,
  hashTypedData,
  parseAbiParameters,
  toBytes,
  keccak256 as viemKeccak256,
} from 'viem'
import { describe, expect, it } from 'vitest'
import { type Hex, toHex } from './Hex.ts'
import { hash, projectId, taskId } from './ids.ts'
import {
  assignmentDigest,
  bindingOf,
  type Domain,
  domainSeparator,
  messageDigest,
  resultDigest,
  TYPES,
  taskDigest,
  verifierKey,
} from './typedData.ts'

const DOMAIN = [
  { name: 'name', type: 'string' },
  { name: 'version', type: 'string' },
  { name: 'chainId', type: 'uint256' },
  { name: 'verifyingContract', type: 'address' },
] as const

/** `Name(type name,…)` as viem wants it. */
const members = (type: string) =>
  type
    .slice(type.indexOf('(') + 1, -1)
    .split(',')
    .map((member) => {
      const [kind, name] = member.split(' ')
      if (kind === undefined || name === undefined) throw new TypeError(member)
      return { type: kind, name }
    })
const types = {
  Task: members(TYPES.Task),
  Assignment: members(TYPES.Assignment),
  Result: members(TYPES.Result),
  Message: members(TYPES.Message),
}
function viemDigest(primaryType: keyof typeof types, domain: Domain, message: Record<string, unknown>): Hex {
  return hashTypedData({ domain: { name: 'W3bstream', version: '1', ...domain }, types, primaryType, message })
}

const bytes = (size: number) => fc.uint8Array({ minLength: size, maxLength: size }).map(toHex)
const word = bytes(32).map((hex) => hash(hex))
const uint64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })
const id = fc.bigInt({ min: 1n, max: 2n ** 64n - 1n }).map((n) => projectId(n))
const text = fc.string({ unit: 'binary', maxLength: 40 })
const domains = fc.record({ chainId: fc.bigInt({ min: 0n, max: 2n ** 256n - 1n }), verifyingContract: bytes(20) })

describe('typed data', () => {
  it('has the domain that viem has', () => {
    fc.assert(
      fc.property(domains, (domain) => {
        expect(toHex(domainSeparator(domain))).toBe(
          hashDomain({
            domain: { name: 'W3bstream', version: '1', ...domain },
            types: { EIP712Domain: DOMAIN },
          }),
        )
      }),
    )
  })

  it('has the task digest that viem has', () => {
    const tasks = fc.record({
      projectId: id,
      version: text,
      configHash: word,
      messagesRoot: word,
      messageCount: fc.nat(),
      inputCommitment: word,
      sequencer: bytes(20),
      number: uint64,
    })
    fc.assert(
      fc.property(domains, tasks, (domain, task) => {
        expect(taskDigest(domain, task)).toBe(
          viemDigest('Task', domain, { ...task, messageCount: BigInt(task.messageCount) }),
        )
      }),
    )
  })

  it('has the assignment and result digests that viem has', () => {
    const task = word.map((value) => taskId(value))
    const assignments = fc.record({ task, prover: bytes(20), deadline: uint64, attempt: uint64 })
    const chainId = fc.bigInt({ min: 0n, max: 2n ** 256n - 1n })
    const results = fc.record({
      task,
      prover: bytes(20),
      proofHash: word,
      outputsHash: word,
      chainId,
      router: bytes(20),
    })
    fc.assert(
      fc.property(domains, assignments, results, (domain, assignment, result) => {
        expect(assignmentDigest(domain, assignment)).toBe(viemDigest('Assignment', domain, { ...assignment }))
        expect(resultDigest(domain, result)).toBe(viemDigest('Result', domain, { ...result }))
      }),
    )
  })

  it('has the message digest that viem has, and takes an unsigned message as of no device and nonce 0', () => {
    const messages = fc.record({
      projectId: id,
      version: text,
      device: fc.option(text),
      nonce: fc.option(uint64),
      payloadHash: word,
    })
    fc.assert(
      fc.property(domains, messages, (domain, message) => {
        expect(messageDigest(domain, message)).toBe(
          viemDigest('Message', domain, { ...message, device: message.device ?? '', nonce: message.nonce ?? 0n }),
        )
      }),
    )
  })

  it('binds as Solidity encodes', () => {
    fc.assert(
      fc.property(word, bytes(20), id, text, (value, prover, project, version) => {
        expect(bindingOf(taskId(value), prover)).toBe(
          viemKeccak256(encodeAbiParameters(parseAbiParameters('bytes32, address'), [value, prover])),
        )
        const versionHash = viemKeccak256(toBytes(version))
        expect(verifierKey(project, value, version)).toBe(
          viemKeccak256(
            encodeAbiParameters(parseAbiParameters('uint64, bytes32, bytes32'), [project, value, versionHash]),
          ),
        )
      }),
    )
  })

  it('refuses what does not fit its type', () => {
    const domain: Domain = { chainId: 1n, verifyingContract: `0x${'00'.repeat(20)}` }
    const message = {
      projectId: projectId(1n),
      version: '1',
      device: null,
      nonce: null,
      payloadHash: hash(`0x${'00'.repeat(32)}`),
    }
    expect(() => messageDigest(domain, { ...message, nonce: 2n ** 64n })).toThrow(RangeError)
    expect(() => messageDigest(domain, { ...message, nonce: -1n })).toThrow(RangeError)
    expect(() => messageDigest({ ...domain, verifyingContract: '0x00' }, message)).toThrow(RangeError)
  })
})
