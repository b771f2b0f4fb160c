import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import {
  merkleVerifierAbi,
  merkleVerifierBytecode,
  verifierRegistryAbi,
  verifierRegistryBytecode,
  w3bstreamSettlementAbi,
  w3bstreamSettlementBytecode,
} from '@w3bstream/contracts'
import { fromHex, hash, verifyDeviceSignature } from '@w3bstream/protocol'
import { createPublicClient, createWalletClient, type Hex, http } from 'viem'
import { mnemonicToAccount } from 'viem/accounts'
import { foundry } from 'viem/chains'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import * as z from 'zod'
import { makeVectors, vectorText } from './makeVectors.ts'

const root = join(import.meta.dirname, '../..')
const load = (name: string): unknown => JSON.parse(readFileSync(join(import.meta.dirname, name), 'utf8'))

const hex = z.templateLiteral(['0x', z.string()])
const int = z.string().transform((digits) => BigInt(digits))
const signed = <T extends z.ZodType>(value: T) => z.object({ value, digest: hex })
const typedData = z
  .object({
    domain: z.object({ chainId: int, verifyingContract: hex }),
    domainSeparator: hex,
    task: signed(
      z.object({
        projectId: int,
        version: z.string(),
        configHash: hex,
        messagesRoot: hex,
        messageCount: z.number().transform((count) => BigInt(count)),
        inputCommitment: hex,
        sequencer: hex,
        number: int,
      }),
    ),
    assignment: signed(z.object({ task: hex, prover: hex, deadline: int, attempt: int })),
    result: signed(z.object({ task: hex, prover: hex, proofHash: hex, outputsHash: hex, chainId: int, router: hex })),
    messages: z.array(
      signed(
        z.object({
          projectId: int,
          version: z.string(),
          device: z
            .string()
            .nullable()
            .transform((device) => device ?? ''),
          nonce: int.nullable().transform((nonce) => nonce ?? 0n),
          payloadHash: hex,
        }),
      ),
    ),
    binding: z.object({ task: hex, prover: hex, value: hex }),
    verifierKey: z.object({ projectId: int, configHash: hex, version: z.string(), value: hex }),
  })
  .parse(load('typed-data.json'))
const merkle = z
  .object({
    leaf: z.object({ members: z.array(z.object({ messageId: z.string(), digest: hex, blind: hex, leaf: hex })) }),
    trees: z.array(
      z.object({
        leaves: z.array(hex),
        root: hex,
        proofs: z.array(z.object({ index: z.number(), count: z.number(), path: z.array(hex) })),
      }),
    ),
  })
  .parse(load('merkle.json'))

describe('the committed vectors', () => {
  for (const [name, vector] of Object.entries(makeVectors()))
    it(`${name} is what generate.ts writes`, () => {
      expect(load(name)).toEqual(JSON.parse(vectorText(vector)))
    })

  it('hold device signatures that are valid', async () => {
    const { digest, valid } = z
      .object({ digest: hex, valid: z.array(z.object({ did: z.string(), signature: hex })).min(4) })
      .parse(load('device-signatures.json'))
    for (const { did, signature } of valid)
      await verifyDeviceSignature({ did, digest: hash(digest), signature: fromHex(signature) })
  })
})

describe('the contracts agree', () => {
  let anvil: ChildProcess
  let chain: ReturnType<typeof connect>
  let settlement: Hex
  let verifier: Hex
  let registry: Hex

  beforeAll(async () => {
    const { child, url } = await startAnvil()
    anvil = child
    chain = connect(url)
    // The router takes its domain from the registrar's address alone; the others are not called here.
    const { verifyingContract } = typedData.domain
    settlement = await deploy(
      await chain.wallet.deployContract({
        abi: w3bstreamSettlementAbi,
        bytecode: w3bstreamSettlementBytecode,
        args: [verifyingContract, verifyingContract, verifyingContract],
      }),
    )
    registry = await deploy(
      await chain.wallet.deployContract({
        abi: verifierRegistryAbi,
        bytecode: verifierRegistryBytecode,
        args: [verifyingContract],
      }),
    )
    verifier = await deploy(
      await chain.wallet.deployContract({ abi: merkleVerifierAbi, bytecode: merkleVerifierBytecode }),
    )
  })

  afterAll(async () => {
    anvil.kill()
    if (anvil.exitCode === null) await once(anvil, 'exit')
  })

  async function deploy(transaction: Hex): Promise<Hex> {
    const { contractAddress } = await chain.public.waitForTransactionReceipt({ hash: transaction })
    if (!contractAddress) throw new Error('nothing was deployed')
    return contractAddress
  }

  it('on every digest, the binding and the key of a verifier', async () => {
    const { task, assignment, result, messages, binding, verifierKey } = typedData
    const at = { address: settlement, abi: w3bstreamSettlementAbi } as const
    const read = chain.public.readContract
    expect(await read({ ...at, functionName: 'taskDigest', args: [task.value] })).toBe(task.digest)
    expect(await read({ ...at, functionName: 'assignmentDigest', args: [assignment.value] })).toBe(assignment.digest)
    expect(await read({ ...at, functionName: 'resultDigest', args: [result.value] })).toBe(result.digest)
    for (const { value, digest } of messages)
      expect(await read({ ...at, functionName: 'messageDigest', args: [value] })).toBe(digest)
    expect(await read({ ...at, functionName: 'binding', args: [binding.task, binding.prover] })).toBe(binding.value)
    expect(
      await read({
        address: registry,
        abi: verifierRegistryAbi,
        functionName: 'verifierKey',
        args: [verifierKey.projectId, verifierKey.configHash, verifierKey.version],
      }),
    ).toBe(verifierKey.value)
  })

  it('on leaves, roots and inclusion proofs', async () => {
    const at = { address: verifier, abi: merkleVerifierAbi } as const
    const read = chain.public.readContract
    for (const { messageId, digest, blind, leaf } of merkle.leaf.members)
      expect(
        await read({ ...at, functionName: 'leaf', args: [`0x${messageId.replaceAll('-', '')}`, digest, blind] }),
      ).toBe(leaf)
    for (const { leaves, root, proofs } of merkle.trees)
      for (const { index, count, path } of proofs) {
        const verify = (leaf: Hex, place: number, of: number) =>
          read({ ...at, functionName: 'verify', args: [root, leaf, BigInt(place), BigInt(of), path] })
        const leaf = leaves[index] ?? '0x'
        expect(await verify(leaf, index, count)).toBe(true)
        expect(await verify(leaf, index, index)).toBe(false)
        if (count > 1) expect(await verify(leaf, (index + 1) % count, count)).toBe(false)
      }
  })
})

function connect(url: string) {
  const transport = http(url)
  const account = mnemonicToAccount('test test test test test test test test test test test junk')
  return {
    public: createPublicClient({ chain: foundry, transport, pollingInterval: 50 }),
    wallet: createWalletClient({ chain: foundry, transport, account }),
  }
}

async function startAnvil(): Promise<{ child: ChildProcess; url: string }> {
  const child = spawn(join(root, 'node_modules/.bin/anvil'), ['--port', '0', '--host', '127.0.0.1'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  for await (const line of createInterface(child.stdout)) {
    const address = /^Listening on (\S+)/.exec(line)?.[1]
    if (address === undefined) continue
    // It goes on logging, and must not wait for a reader.
    child.stdout.resume()
    return { child, url: `http://${address}` }
  }
  throw new Error('anvil ended before it listened')
}
