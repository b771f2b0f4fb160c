import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { riscZeroVerifierRouterAbi } from '@w3bstream/contracts'
import { address, type Hex, toHex } from '@w3bstream/protocol'
import { encodeFunctionData, sha256 } from 'viem'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { deployContract } from './deployContract.ts'
import { deployContracts } from './deployContracts.ts'
import { startAnvil } from './fixtures/anvil.test.fixture.ts'
import { publishedReceipt } from './fixtures/publishedReceipt.test.fixture.ts'
import { CONFIG_HASH, makeWorld, type World } from './fixtures/world.test.fixture.ts'
import { ProjectOwner } from './ProjectOwner.ts'
import { RpcError } from './RpcError.ts'
import { readContract } from './readContract.ts'
import { riscZeroRelease } from './riscZeroRelease.ts'
import { TransactionFailedError } from './TransactionFailedError.ts'

describe('deployContracts', () => {
  let world: World
  beforeAll(async () => {
    world = await makeWorld()
  })
  afterAll(() => world.close())

  it('deploys once, and finds what it deployed', async () => {
    const file = join(world.dir, 'deployment.json')
    const first = await deployContracts(world.operator, file)
    const block = await world.chain.blockNumber()
    expect(await deployContracts(world.operator, file)).toEqual(first)
    expect(await world.chain.blockNumber()).toBe(block)
    await world.rpc('anvil_setCode', first.contracts.settlement, '0x')
    expect((await deployContracts(world.operator, file)).contracts.settlement).not.toBe(first.contracts.settlement)
  })

  it('keeps what an earlier release deployed, which had no verifier of RISC Zero receipts', async () => {
    const file = join(world.dir, 'older.json')
    const { riscZeroVerifier, riscZeroRouter, ...contracts } = world.deployment.contracts
    writeFileSync(file, JSON.stringify({ chainId: '31337', fromBlock: '0', contracts }))
    const block = await world.chain.blockNumber()
    expect((await deployContracts(world.operator, file)).contracts).toEqual(contracts)
    const none = { ...contracts, riscZeroVerifier: null, riscZeroRouter: null }
    writeFileSync(file, JSON.stringify({ chainId: '31337', fromBlock: '0', contracts: none }))
    expect((await deployContracts(world.operator, file)).contracts).toEqual(contracts)
    expect(await world.chain.blockNumber()).toBe(block)
    expect(riscZeroVerifier).not.toBe(riscZeroRouter)
  })

  it('deploys a router that takes receipts of RISC Zero 3', async () => {
    const { riscZeroRouter, riscZeroVerifier } = world.deployment.contracts
    const { seal, imageId, journal } = publishedReceipt()
    const router = { address: address(String(riscZeroRouter)), abi: riscZeroVerifierRouterAbi } as const
    const verifier = { ...router, functionName: 'getVerifier', args: [riscZeroRelease.selector] } as const
    expect(address(await readContract(world.chain, verifier))).toBe(riscZeroVerifier)
    const verify = (digest: Hex) =>
      world.chain.call({
        to: router.address,
        data: encodeFunctionData({ ...router, functionName: 'verify', args: [toHex(seal), imageId, digest] }),
      })
    expect(await verify(sha256(journal))).toBe('0x')
    await expect(verify(sha256('0x'))).rejects.toThrow(RpcError)
  })

  it('gives the same addresses on every fresh chain', async () => {
    const fresh = await startAnvil()
    try {
      const chain = world.connect({ rpc: [fresh.url] })
      const { contracts } = await deployContracts({ ...world.operator, chain })
      expect(contracts).toEqual(world.deployment.contracts)
    } finally {
      await fresh.stop()
    }
  })

  it('sends nothing for what is so already', async () => {
    const { id, dapp, verifier } = await world.project()
    const block = await world.chain.blockNumber()
    await world.owner.allowSequencer(id, world.sequencer.address)
    await world.owner.bindDapp(id, dapp)
    await world.owner.updateProject(id, 'ipfs://project', CONFIG_HASH)
    const registration = { verifier, outputWords: 2, proofBytes: 64, verifyGas: 500_000, inputBound: true }
    await world.owner.registerVerifier({ id, configHash: CONFIG_HASH, version: '0.1', verifier: registration })
    expect(await world.chain.blockNumber()).toBe(block)
  })

  it('says why a transaction cannot be', async () => {
    const broken = deployContract(world.operator, 'Broken', { abi: [], bytecode: '0x60006000fd' })
    await expect(broken).rejects.toThrow(/Deploying Broken failed/)
    const { id } = await world.project()
    const stranger = { ...world.operator, signer: world.settler }
    const theirs = new ProjectOwner(stranger, world.deployment.contracts)
    const error = await theirs.updateProject(id, 'ipfs://mine', CONFIG_HASH).catch((caught: unknown) => caught)
    expect(error).toBeInstanceOf(TransactionFailedError)
    expect(String(error)).toMatch(/Updating the project failed: NotProjectOperator/)
  })
})
