import { ed25519 } from '@noble/curves/ed25519.js'
import { secp256k1 } from '@noble/curves/secp256k1.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { describe, expect, it } from 'vitest'
import { buildReceipt, type ReceiptParts } from './buildReceipt.ts'
import { concatBytes, fromHex, type Hex, toHex } from './Hex.ts'
import { hash, messageId, projectId } from './ids.ts'
import { legacySigningDigests } from './legacySigningDigests.ts'
import type { Message } from './Message.ts'
import { leafBlind, leafHash, merkleRoot } from './merkle.ts'
import { didOfAddress, didOfKey, parseDid } from './parseDid.ts'
import type { Assignment, Result, Task, TaskRecord, TaskState } from './Task.ts'
import { taskNumber } from './taskNumber.ts'
import { traceIdOf } from './traceIdOf.ts'
import { assignmentDigest, type Domain, keccak256, messageDigest, resultDigest, taskDigest } from './typedData.ts'
import { verifyReceipt } from './verifyReceipt.ts'

const domain: Domain = { chainId: 31337n, verifyingContract: `0x${'c0'.repeat(20)}` }
const salt = hash(`0x${'07'.repeat(32)}`)
const keys = { sequencer: secretKey(1), prover: secretKey(2), device: secretKey(3) }
const router: Hex = `0x${'d0'.repeat(20)}`

function secretKey(fill: number): Uint8Array {
  return new Uint8Array(32).fill(fill)
}
function addressOf(secret: Uint8Array): Hex {
  const key = parseDid(didOfKey('secp256k1', secp256k1.getPublicKey(secret)))
  if (key.type !== 'secp256k1') throw new TypeError('another key was made')
  return key.address
}
function sign(digest: Hex, secret: Uint8Array): Hex {
  const recovered = secp256k1.sign(fromHex(digest), secret, { prehash: false, format: 'recovered' })
  return toHex(concatBytes(recovered.subarray(1), Uint8Array.of(27 + (recovered[0] ?? 0))))
}
const sha = (text: string) => hash(toHex(sha256(new TextEncoder().encode(text))))

function message(index: number, auth: Message['auth']): Message {
  const payload = `{"temperature":${index}}`
  const id = messageId(`01890000-0000-7000-8000-00000000000${index}`)
  const base = {
    id,
    projectId: projectId(7n),
    version: '0.1',
    auth,
    payload,
    payloadHash: sha(payload),
    receivedAt: 1_000,
  }
  switch (auth) {
    case 'none':
    case 'token':
      return { ...base, device: null, nonce: null, signature: null }
    case 'device': {
      const device = didOfKey('ed25519', ed25519.getPublicKey(keys.device))
      const digest = messageDigest(domain, { ...base, device, nonce: 2n ** 63n })
      return { ...base, device, nonce: 2n ** 63n, signature: toHex(ed25519.sign(fromHex(digest), keys.device)) }
    }
    case 'legacy': {
      const [digest] = legacySigningDigests({ projectId: base.projectId, version: '0.1', data: payload })
      return {
        ...base,
        device: didOfAddress(addressOf(keys.device)),
        nonce: null,
        signature: sign(digest, keys.device),
      }
    }
  }
}

function parts(state: TaskState, auth: Message['auth'] = 'device'): ReceiptParts & { readonly message: Message } {
  const messages = [0, 1, 2, 3, 4].map((index) => message(index, auth))
  const leaves = messages.map((m) => leafHash(m.id, messageDigest(domain, m), leafBlind(salt, m.id)))
  const [sequencer, prover] = [addressOf(keys.sequencer), addressOf(keys.prover)]
  const task: Task = {
    projectId: projectId(7n),
    version: '0.1',
    configHash: sha('config'),
    messagesRoot: merkleRoot(leaves),
    messageCount: leaves.length,
    inputCommitment: sha('input'),
    sequencer,
    number: taskNumber(sequencer, 1),
  }
  const id = taskDigest(domain, task)
  const outputs: Hex = `0x${'00'.repeat(31)}05`
  const assignment: Assignment = { task: id, prover, deadline: 9_999n, attempt: 1n }
  const result: Result = {
    task: id,
    prover,
    proofHash: sha('proof'),
    outputsHash: keccak256(fromHex(outputs)),
    chainId: 31337n,
    router,
  }
  const all: TaskState[] = ['packed', 'assigned', 'proved', 'submitted', 'settled', 'finalized']
  const reached = state === 'failed' ? 2 : all.indexOf(state) + 1
  const record: TaskRecord = {
    id,
    task,
    vmType: 'halo2',
    salt,
    state,
    trace: traceIdOf(messages[0]?.id ?? message(0, auth).id),
    createdAt: 1_010,
    updatedAt: 1_060,
    taskSignature: reached > 1 ? sign(id, keys.sequencer) : null,
    assignment:
      reached > 1 ? { value: assignment, signature: sign(assignmentDigest(domain, assignment), keys.sequencer) } : null,
    proof:
      reached > 2 ? { blob: sha('proof'), bytes: 1984, outputs, raw: sha('raw'), bound: true, provingMs: 20 } : null,
    result: reached > 2 ? { value: result, signature: sign(resultDigest(domain, result), keys.prover) } : null,
    settlement:
      reached > 4
        ? {
            chainId: 31337n,
            contract: router,
            transactionHash: sha('transaction'),
            blockNumber: 12n,
            blockHash: sha('block'),
            gasUsed: 369_000n,
          }
        : null,
    tries: 0,
    failure: state === 'failed' ? 'the program trapped' : null,
  }
  const steps = state === 'failed' ? [...all.slice(0, 2), state] : all.slice(0, reached)
  const states = steps.map((s, i) => ({ state: s, at: 1_010 + 10 * i, actor: 'test', reason: '', result: null }))
  const [first] = messages.slice(2)
  if (first === undefined) throw new TypeError('no message')
  return { domain, message: first, record, index: 2, leaves, states, outputs: reached > 2 ? outputs : null }
}

const throughJson = (value: unknown): unknown => JSON.parse(JSON.stringify(value))

/** The paths of all strings and numbers of a JSON value. */
function* paths(value: unknown, path: string[] = []): Generator<string[]> {
  if (typeof value === 'object' && value !== null)
    for (const [name, member] of Object.entries(value)) yield* paths(member, [...path, name])
  else if (value !== null) yield path
}

function edit(value: unknown, [name, ...rest]: string[], change: (leaf: unknown) => unknown): unknown {
  if (name === undefined) return change(value)
  if (Array.isArray(value)) return value.map((member, i) => (String(i) === name ? edit(member, rest, change) : member))
  return Object.fromEntries(
    Object.entries(value ?? {}).map(([key, member]) => [key, key === name ? edit(member, rest, change) : member]),
  )
}

function spoil(leaf: unknown): unknown {
  if (typeof leaf === 'boolean') return !leaf
  if (typeof leaf === 'number') return leaf + 1
  const text = String(leaf)
  // The middle digit: of a signature's last byte, other values name the same signature.
  const at = text.startsWith('0x') ? Math.floor(text.length / 2) : text.length - 1
  return `${text.slice(0, at)}${text[at] === '1' ? '2' : '1'}${text.slice(at + 1)}`
}

/** What only the chain or nobody vouches for; `inputBound` may be false here where the registered verifier is said not to bind. */
const UNPROVEN =
  /^(?:inputBound|runtime|failure|proofBytes|transactionHash|blockNumber|gasUsed|timings\..*|evidence\.message\.receivedAt|evidence\.blockHash)$/

describe('verifyReceipt', () => {
  it.each(['packed', 'assigned', 'proved', 'submitted', 'settled', 'finalized', 'failed'] as const)(
    'accepts what was built of a task that is %s',
    (state) => {
      const receipt = buildReceipt(parts(state))
      const verdict = verifyReceipt(throughJson(receipt))
      expect(verdict.checks.filter((check) => !check.ok)).toEqual([])
      expect(verdict.ok).toBe(true)
      expect(receipt.verified).toBe(state === 'settled' || state === 'finalized')
      expect(receipt.finalized).toBe(state === 'finalized')
    },
  )

  it('notices every field that was changed', () => {
    const receipt = throughJson(buildReceipt(parts('finalized')))
    const unnoticed = [...paths(receipt)]
      .filter((path) => verifyReceipt(edit(receipt, path, spoil)).ok)
      .map((path) => path.join('.'))
    expect(unnoticed.filter((path) => !UNPROVEN.test(path))).toEqual([])
    expect(unnoticed).toContain('evidence.message.receivedAt')
  })

  it('notices every field that was taken away', () => {
    const receipt = throughJson(buildReceipt(parts('finalized')))
    for (const path of paths(receipt)) {
      if (path[0] === 'timings') continue
      expect([path.join('.'), verifyReceipt(edit(receipt, path, () => undefined)).ok]).toEqual([path.join('.'), false])
    }
  })

  it.each(['none', 'token', 'device', 'legacy'] as const)('checks who sent a message of auth %s', (auth) => {
    const built = parts('settled', auth)
    const receipt = throughJson(buildReceipt(built))
    expect(verifyReceipt(receipt)).toMatchObject({ ok: true })
    const { payload } = built.message
    expect(verifyReceipt(receipt, { payload })).toMatchObject({ ok: true })
    expect(verifyReceipt(receipt, { payload: `${payload} ` })).toMatchObject({ ok: false })
    const sender = verifyReceipt(receipt, { payload }).checks.find((check) => check.name === 'device signature')
    expect(sender?.skipped ?? false).toBe(auth === 'none' || auth === 'token')
  })

  it('refuses a message that claims a device without its signature', () => {
    const receipt = throughJson(buildReceipt(parts('packed', 'none')))
    const claimed = edit(receipt, ['device'], () => didOfAddress(addressOf(keys.device)))
    const failed = verifyReceipt(claimed).checks.filter((check) => !check.ok)
    expect(failed.map((check) => check.name)).toEqual(['message digest', 'device signature'])
  })

  it('tells what is not a receipt', () => {
    for (const value of [null, 7, {}, [], { format: 'w3bstream-receipt-2' }])
      expect(verifyReceipt(value)).toMatchObject({ ok: false, checks: [{ name: 'form', ok: false }] })
  })

  it('measures the time between states, and sums what was repeated', () => {
    const built = parts('assigned')
    const at = (state: TaskState, ms: number) => ({ state, at: ms, actor: 'test', reason: '', result: null })
    const receipt = buildReceipt({
      ...built,
      states: [at('packed', 1_004), at('assigned', 1_006), at('assigned', 2_006)],
    })
    expect(receipt.timings).toEqual({ packed: 4, assigned: 1_002, total: 1_006 })
  })

  it('claims no verification where nothing was mined by the router', () => {
    const built = parts('settled')
    const { record } = built
    const elsewhere = buildReceipt({ ...built, record: { ...record, result: null } })
    expect(elsewhere).toMatchObject({ verified: false, transactionHash: record.settlement?.transactionHash })
    const printed = buildReceipt({ ...built, record: { ...record, settlement: null } })
    expect(printed).toMatchObject({ verified: false, transactionHash: null })
    const unbound = record.proof && { ...record.proof, bound: false }
    expect(buildReceipt({ ...built, record: { ...record, proof: unbound } })).toMatchObject({ inputBound: false })
  })
})
