import { riscZeroVerifierRouterAbi, verifierRegistryAbi } from '@w3bstream/contracts'
import {
  address,
  ChainUnavailableError,
  concatBytes,
  fromHex,
  type Hex,
  hash,
  ProofRejectedError,
  taskDigest,
} from '@w3bstream/protocol'
import { encodeFunctionData, sha256 } from 'viem'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startProxy } from './fixtures/brokenEndpoints.test.fixture.ts'
import { answering, burning, deploying, picky, provingJournal, reverting } from './fixtures/bytecode.test.fixture.ts'
import { publishedReceipt } from './fixtures/publishedReceipt.test.fixture.ts'
import { CONFIG_HASH, makeWorld, PROOF_BYTES, provedTask, type World } from './fixtures/world.test.fixture.ts'
import { RegisteredVerifier, type RegisteredVerifierOptions } from './RegisteredVerifier.ts'
import { riscZeroRelease } from './riscZeroRelease.ts'
import { transact } from './transact.ts'

const R = 21888242871839275222246405745257275088548364400416034343698204186575808495617n
const BINDING = hash(`0x${'b1'.repeat(32)}`)

describe('RegisteredVerifier', () => {
  let world: World
  beforeAll(async () => {
    world = await makeWorld()
  })
  afterAll(() => world.close())

  const judge = (options: Partial<RegisteredVerifierOptions> = {}, chain = world.chain) =>
    new RegisteredVerifier({ chain, contracts: world.deployment.contracts }, options)
  const jobOf = (id: bigint, change: { proof?: Uint8Array; outputs?: `0x${string}` } = {}) => {
    const { record, proof } = provedTask(world, id, 1n, change)
    const outputs = record.proof?.outputs ?? '0x'
    return { task: record.task, taskId: record.id, binding: BINDING, proof, outputs, named: null, settles: true }
  }

  it('accepts what the registered contract accepts, and nothing else', async () => {
    const { id } = await world.project({ verifier: picky })
    expect(await judge().verify(jobOf(id))).toBe('verified')
    await expect(judge().verify({ ...jobOf(id), named: `0x${'11'.repeat(20)}` })).rejects.toThrow(/names the verifier/)
    const other = new Uint8Array(PROOF_BYTES).fill(2)
    await expect(judge().verify(jobOf(id, { proof: other }))).rejects.toThrow(ProofRejectedError)
  })

  it('gives the contract binding, commitment, outputs and proof in its order', async () => {
    // Accepts only where word 1 is the low half of the binding: calldataload(32) == low
    const low = BINDING.slice(34)
    const { id } = await world.project({ verifier: deploying(`6020356f${low}14601c57600080fd5b00`) })
    const job = jobOf(id)
    expect(await judge().verify(job)).toBe('verified')
    const flipped = hash(`0x${BINDING.slice(2, 34)}${'00'.repeat(16)}`)
    await expect(judge().verify({ ...job, binding: flipped })).rejects.toThrow(ProofRejectedError)
  })

  it('knows a version without a verifier, until there is one', async () => {
    const { id } = await world.project()
    const { record, proof } = provedTask(world, id, 1n)
    const task = { ...record.task, version: '9.9' }
    const domain = { chainId: 31337n, verifyingContract: world.deployment.contracts.projectRegistrar }
    const job = {
      task,
      taskId: taskDigest(domain, task),
      binding: BINDING,
      proof,
      outputs: record.proof?.outputs ?? '0x',
      named: null,
      settles: true,
    }
    const verifier = judge()
    expect(await verifier.verify(job)).toBe('unregistered')
    expect(await verifier.entry(task)).toBeNull()
    const { verifier: contract } = await world.project()
    const registration = {
      verifier: contract,
      outputWords: 2,
      proofBytes: PROOF_BYTES,
      verifyGas: 500_000,
      inputBound: true,
    }
    await world.owner.registerVerifier({ id, configHash: CONFIG_HASH, version: '9.9', verifier: registration })
    expect(await verifier.verify(job)).toBe('verified')
    expect(await verifier.entry(task)).toMatchObject({ verifier: contract, inputBound: true, proofBytes: PROOF_BYTES })
  })

  describe('of a guest', () => {
    const riscZero = { imageId: hash(`0x${'2a'.repeat(32)}`), selector: riscZeroRelease.selector }
    const seal = (selector: Hex = riscZeroRelease.selector, length = 260) => {
      const bytes = new Uint8Array(length).fill(3)
      bytes.set(fromHex(selector))
      return bytes
    }
    /** Any words: a guest's are no field elements. */
    const OUTPUTS: Hex = `0x${'ff'.repeat(64)}`
    const DIGEST = sha256(concatBytes(fromHex(BINDING), new Uint8Array(32).fill(0x11), fromHex(OUTPUTS)))

    it('accepts a receipt of the journal that binding, commitment and outputs make', async () => {
      const { id, verifier } = await world.project({ verifier: provingJournal(DIGEST), riscZero })
      const job = jobOf(id, { proof: seal(), outputs: OUTPUTS })
      expect(await judge().verify(job)).toBe('verified')
      expect(await judge().entry(job.task)).toMatchObject({ kind: 'risc0', verifier, ...riscZero, proofBytes: 260 })
      const other = { ...job, outputs: `0x${'fe'.repeat(64)}` as const }
      await expect(judge().verify(other)).rejects.toThrow(ProofRejectedError)
      const bound = { ...job, binding: hash(`0x${'b2'.repeat(32)}`) }
      await expect(judge().verify(bound)).rejects.toThrow(ProofRejectedError)
      const task = { ...job.task, inputCommitment: hash(`0x${'12'.repeat(32)}`) }
      await expect(judge().verify({ ...job, task })).rejects.toThrow(ProofRejectedError)
    })

    it('refuses receipts of another form, another selector, and of development mode', async () => {
      const { id } = await world.project({ verifier: provingJournal(DIGEST), riscZero })
      for (const [proof, reason] of [
        [seal(riscZeroRelease.selector, 259), /259 bytes/],
        [seal(riscZeroRelease.selector, 261), /261 bytes/],
        [seal(riscZeroRelease.selector, 230_000), /230000 bytes.*Groth16/],
        [seal('0xffffffff'), /begins with the selector 0xffffffff, not 0x73c457ba/],
      ] as const)
        await expect(judge().verify(jobOf(id, { proof, outputs: OUTPUTS }))).rejects.toThrow(reason)
      await expect(judge().verify(jobOf(id, { proof: seal(), outputs: '0x' }))).rejects.toThrow(/outputs have 0 bytes/)
    })

    it('leaves a receipt of another form alone where nothing is settled by it', async () => {
      const { id } = await world.project({ verifier: provingJournal(DIGEST), riscZero })
      const judged = (proof: Uint8Array) =>
        judge().verify({ ...jobOf(id, { proof, outputs: OUTPUTS }), settles: false })
      expect(await judged(seal(riscZeroRelease.selector, 230_000))).toBe('offChain')
      expect(await judged(seal())).toBe('verified')
      await expect(judged(seal('0xffffffff'))).rejects.toThrow(ProofRejectedError)
    })

    it('says why the real verifier behind the router refuses', async () => {
      const router = address(String(world.deployment.contracts.riscZeroRouter))
      const { id } = await world.project({ judge: router, riscZero })
      const published = jobOf(id, { proof: publishedReceipt().seal, outputs: OUTPUTS })
      await expect(judge().verify(published)).rejects.toThrow(/ProofInvalid/)
      const beyond = seal().fill(0xff, 4)
      await expect(judge().verify(jobOf(id, { proof: beyond, outputs: OUTPUTS }))).rejects.toThrow(
        /CoordinateNotInField/,
      )
      const data = encodeFunctionData({ abi: riscZeroVerifierRouterAbi, functionName: 'stop' })
      await transact(world.operator, 'Stopping', { to: router, data })
      await expect(judge().verify(published)).rejects.toThrow(/IsStopped/)
    })
  })

  it('refuses lengths and field elements that the contract would take modulo r', async () => {
    const { id } = await world.project()
    const word = (n: bigint) => n.toString(16).padStart(64, '0')
    for (const [change, reason] of [
      [{ outputs: `0x${word(7n)}` }, /outputs have 32 bytes, not 64/],
      [{ outputs: `0x${word(7n)}${word(9n)}00` }, /outputs have 65 bytes/],
      [{ outputs: `0x${word(7n + R)}${word(9n)}` }, /output 0 is not in the field/],
      [{ outputs: `0x${word(7n)}${word(R)}` }, /output 1 is not in the field/],
      [{ proof: new Uint8Array(PROOF_BYTES + 1) }, /it has 65 bytes, not 64/],
      [{ proof: new Uint8Array(0) }, /it has 0 bytes/],
    ] as const)
      await expect(judge().verify(jobOf(id, change))).rejects.toThrow(reason)
    const job = jobOf(id)
    const task = { ...job.task, inputCommitment: hash(`0x${'ff'.repeat(32)}`) }
    await expect(judge().verify({ ...job, task })).rejects.toThrow(/commitment is not in the field/)
  })

  it('refuses a commitment that the program does not open', async () => {
    const { id } = await world.project({ inputBound: false })
    await expect(judge().verify(jobOf(id))).rejects.toThrow(/does not open the input commitment/)
  })

  it.each([
    ['reverts', reverting('0x')],
    ['burns its gas', burning],
    ['answers', answering(0n)],
  ])('refuses what a verifier that %s is given', async (_, verifier) => {
    const { id } = await world.project({ verifier })
    await expect(judge().verify(jobOf(id))).rejects.toThrow(ProofRejectedError)
  })

  it('refuses a verifier whose code is no longer what was registered', async () => {
    const { id, verifier } = await world.project()
    await world.rpc('anvil_setCode', verifier, '0x5b00')
    await expect(judge().verify(jobOf(id))).rejects.toThrow(/code is not what was registered/)
    await world.rpc('anvil_setCode', verifier, '0x')
    await expect(judge().verify(jobOf(id))).rejects.toThrow(/code is not what was registered/)
  })

  it('notices a revocation when its entry is older than the cache', async () => {
    const { id } = await world.project()
    const cached = judge()
    const fresh = judge({ cacheMs: 0 })
    expect(await cached.verify(jobOf(id))).toBe('verified')
    await transact(world.operator, 'Revoking', {
      to: world.deployment.contracts.verifierRegistry,
      data: encodeFunctionData({
        abi: verifierRegistryAbi,
        functionName: 'revokeVerifier',
        args: [id, CONFIG_HASH, '0.1'],
      }),
    })
    await expect(fresh.verify(jobOf(id))).rejects.toThrow(/was revoked/)
    expect(await cached.verify(jobOf(id))).toBe('verified')
  })

  it('refuses a verifier of the test SRS everywhere but on a local chain', async () => {
    const { id } = await world.project({ verifier: deploying('00c0ffee00c0ffee') })
    const options = { testSrsMarkers: ['0xC0FFEE00'] } as const
    expect(await judge(options).verify(jobOf(id))).toBe('verified')
    await world.rpc('anvil_setChainId', 4690)
    const chain = world.connect({ preset: { chainId: 4690n } })
    try {
      await expect(judge(options, chain).verify(jobOf(id))).rejects.toThrow(/test SRS/)
      expect(await judge({ testSrsMarkers: ['0xabcdef'] }, chain).verify(jobOf(id))).toBe('verified')
    } finally {
      await chain.request('anvil_setChainId', [31337], () => null)
    }
  })

  it('blames the chain, not the proof, when an endpoint cannot run the call', async () => {
    const { id } = await world.project()
    const proxy = await startProxy(world.anvil.url, (method) => method === 'eth_call')
    try {
      const chain = world.connect({ rpc: [proxy.url] })
      await expect(judge({}, chain).verify(jobOf(id))).rejects.toThrow(ChainUnavailableError)
    } finally {
      await proxy.close()
    }
  })

  it.each(['eth_call', 'eth_getCode'])('blames the chain for any error that %s is answered with', async (refused) => {
    const { id } = await world.project()
    for (const error of [
      { code: -32603, message: 'Internal error' },
      { code: -32000, message: 'header not found' },
      { code: -32601, message: 'method not found' },
      { code: -32000, message: 'out of gas' },
    ]) {
      const proxy = await startProxy(world.anvil.url, undefined, undefined, (method) =>
        method === refused ? { error } : null,
      )
      try {
        const chain = world.connect({ rpc: [proxy.url] })
        await expect(judge({}, chain).verify(jobOf(id))).rejects.toThrow(ChainUnavailableError)
      } finally {
        await proxy.close()
      }
    }
  })
})
