import { fleetManagerAbi, w3bstreamSettlementAbi } from '@w3bstream/contracts'
import type { Outgoing } from '@w3bstream/core/ports'
import { type Address, bindingOf, concatBytes, fromHex, type Hex, hash } from '@w3bstream/protocol'
import { encodeErrorResult, encodeFunctionData, parseAbi, sha256 } from 'viem'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  acceptingOnce,
  burning,
  provingJournal,
  reverting,
  revertingWhenSet,
} from './fixtures/bytecode.test.fixture.ts'
import { inState, makeWorld, provedTask, settlerOf, type World } from './fixtures/world.test.fixture.ts'
import { readTransaction } from './readTransaction.ts'
import { riscZeroRelease } from './riscZeroRelease.ts'
import { settlementItem } from './settlementItem.ts'
import { signTransaction } from './signTransaction.ts'
import { transact } from './transact.ts'

const DAPP = parseAbi(['error TooHot(uint256 degrees)'])
const OWNED = parseAbi([
  'function pauseProject(uint64)',
  'function unpauseProject(uint64)',
  'function unbindDapp(uint64)',
])
const STRING = encodeErrorResult({ abi: parseAbi(['error Error(string)']), args: ['the station is closed'] })
const CUSTOM = encodeErrorResult({ abi: DAPP, errorName: 'TooHot', args: [51n] })

describe('RouterDestination', () => {
  let world: World
  beforeAll(async () => {
    world = await makeWorld()
  })
  afterAll(() => world.close())

  const nonces = () => world.state.nextNonce(world.chain.chainId, world.settler.address)

  const settleData = (item: Outgoing) => {
    const { chain, deployment } = world
    const { task, assignment, assignmentSignature, result, resultSignature, proof, outputs } = settlementItem(
      item,
      chain.chainId,
      deployment.contracts.settlement,
    )
    return encodeFunctionData({
      abi: w3bstreamSettlementAbi,
      functionName: 'settle',
      args: [task, assignment, assignmentSignature, result, resultSignature, proof, outputs],
    })
  }

  it('settles a task once, and finds it again', async () => {
    const { id } = await world.project()
    const { sender, destination, watcher } = settlerOf(world, world.sender())
    await sender.checkStart()
    const item = provedTask(world, id, 1n)
    const task = item.record.id
    expect((await destination.deliver([item])).get(task)).toEqual({ type: 'submitted' })
    const [seen] = await watcher.watch([inState(item, 'submitted')])
    const contract = world.deployment.contracts.settlement
    expect(seen).toMatchObject({ type: 'settled', task, settlement: { contract } })
    if (seen?.type !== 'settled') throw new Error('not settled')
    expect(seen.settlement.gasUsed).toBeGreaterThan(21_000n)
    expect(await watcher.watch([inState(item, 'settled', seen.settlement)])).toEqual([{ type: 'finalized', task }])
    expect((await destination.deliver([item])).get(task)).toEqual({ type: 'consumed', settlement: seen.settlement })
  })

  it("settles a guest's task by the journal that the router builds, and refuses it where the journal is another", async () => {
    const { id: last } = await world.project()
    const id = last + 1n
    const seal = new Uint8Array(riscZeroRelease.sealBytes)
    seal.set(fromHex(riscZeroRelease.selector))
    const item = provedTask(world, id, 1n, { proof: seal })
    const { task, proof } = item.record
    const binding = bindingOf(item.record.id, world.prover.address)
    const journal = concatBytes(fromHex(binding), fromHex(task.inputCommitment), fromHex(proof?.outputs ?? '0x'))
    const riscZero = { imageId: hash(`0x${'2a'.repeat(32)}`), selector: riscZeroRelease.selector }
    const made = await world.project({ verifier: provingJournal(sha256(journal)), riscZero })
    expect(made.id).toBe(id)
    const { destination, watcher } = settlerOf(world, world.sender())
    expect((await destination.deliver([item])).get(item.record.id)).toEqual({ type: 'submitted' })
    expect(await watcher.watch([inState(item, 'submitted')])).toMatchObject([{ type: 'settled' }])
    const next = provedTask(world, id, 2n, { proof: seal })
    expect(String((await destination.deliver([next])).get(next.record.id))).toMatch(/ProofRejected/)
    const fake = provedTask(world, id, 3n, { proof: new Uint8Array(riscZeroRelease.sealBytes).fill(0xff) })
    expect(String((await destination.deliver([fake])).get(fake.record.id))).toMatch(/SelectorMismatch.*0xffffffff/)
  })

  it('settles tasks that wait together in one nonce', async () => {
    const { id } = await world.project()
    const { destination, watcher } = settlerOf(world, world.sender())
    const items = [1n, 2n, 3n].map((number) => provedTask(world, id, number))
    const before = (await nonces()) ?? 0
    const delivered = await destination.deliver(items)
    expect([...delivered.values()]).toEqual(items.map(() => ({ type: 'submitted' })))
    expect(await nonces()).toBe(before + 1)
    const seen = await watcher.watch(items.map((item) => inState(item, 'submitted')))
    expect(seen.map(({ type }) => type)).toEqual(['settled', 'settled', 'settled'])
  })

  it('leaves behind what would fail in company', async () => {
    const { id } = await world.project({ dapp: acceptingOnce })
    const { destination, watcher } = settlerOf(world, world.sender())
    const [first, second] = [provedTask(world, id, 1n), provedTask(world, id, 2n)]
    const delivered = await destination.deliver([first, second])
    expect(delivered.get(first.record.id)).toEqual({ type: 'submitted' })
    expect(delivered.get(second.record.id)).toMatchObject({ type: 'waiting' })
    expect(await watcher.watch([inState(first, 'submitted')])).toMatchObject([{ type: 'settled' }])
    expect(String((await destination.deliver([second])).get(second.record.id))).toMatch(/the dApp .* refused it/)
  })

  it('splits what one transaction cannot carry', async () => {
    const { id } = await world.project()
    const { destination } = settlerOf(world, world.sender({ maxGasPerTransaction: 900_000n }))
    const items = [11n, 12n, 13n].map((number) => provedTask(world, id, number))
    const before = (await nonces()) ?? 0
    await destination.deliver(items)
    expect((await nonces()) ?? 0).toBeGreaterThan(before + 1)
    for (const row of await world.state.open(world.chain.chainId, world.settler.address))
      for (const { raw } of row.attempts) expect(readTransaction(raw).gas).toBeLessThanOrEqual(900_000n)
  })

  it.each([
    ['a string', STRING, /refused it: the station is closed/],
    ['a custom error that nobody declared', CUSTOM, new RegExp(`custom error ${CUSTOM.slice(0, 10)}`)],
    ['nothing', '0x' as const, /without a reason/],
  ])('refuses what the dApp reverts with %s, and takes no nonce', async (_, data, reason) => {
    const { id } = await world.project({ dapp: reverting(data) })
    const { destination } = settlerOf(world, world.sender())
    const item = provedTask(world, id, 1n)
    const before = await nonces()
    const delivered = (await destination.deliver([item])).get(item.record.id)
    expect(delivered).toBeInstanceOf(Error)
    expect(String(delivered)).toMatch(reason)
    expect(await nonces()).toBe(before)
  })

  it('refuses a dApp that burns its gas', async () => {
    const { id } = await world.project({ dapp: burning })
    const { destination } = settlerOf(world, world.sender())
    const item = provedTask(world, id, 1n)
    const before = await nonces()
    expect(String((await destination.deliver([item])).get(item.record.id))).toMatch(/refuses the result/)
    expect(await nonces()).toBe(before)
  })

  it('refuses a proof that the verifier does not accept', async () => {
    const { id } = await world.project({ verifier: reverting('0x') })
    const { destination } = settlerOf(world, world.sender())
    const item = provedTask(world, id, 1n)
    expect(String((await destination.deliver([item])).get(item.record.id))).toMatch(/ProofRejected/)
  })

  it('refuses tasks that lack what the router asks for', async () => {
    const { id } = await world.project()
    const { destination } = settlerOf(world, world.sender())
    const item = provedTask(world, id, 1n)
    const { record } = item
    const proof = record.proof
    if (proof === null || record.result === null) throw new Error('the fixture is proved')
    const elsewhere = { ...record.result.value, router: world.settler.address }
    for (const [changed, reason] of [
      [{ ...record, assignment: null }, /no signed assignment/],
      [{ ...record, result: null }, /no signed result/],
      [{ ...record, proof: { ...proof, bound: false } }, /not bound/],
      [{ ...record, result: { ...record.result, value: elsewhere } }, /is for router/],
    ] as const)
      expect(String((await destination.deliver([{ ...item, record: changed }])).get(record.id))).toMatch(reason)
  })

  it("keeps one task's refusal from its neighbours", async () => {
    const good = await world.project()
    const bad = await world.project({ dapp: reverting(STRING) })
    const { destination } = settlerOf(world, world.sender())
    const items = [provedTask(world, good.id, 1n), provedTask(world, bad.id, 1n), provedTask(world, good.id, 2n)]
    const delivered = await destination.deliver(items)
    expect([...items].map(({ record }) => delivered.get(record.id) instanceof Error)).toEqual([false, true, false])
  })

  it('reports an item that reverts within a mined transaction, with its reason', async () => {
    const good = await world.project()
    const fickle = await world.project({ dapp: revertingWhenSet(STRING) })
    const { destination, watcher } = settlerOf(world, world.sender())
    const items = [provedTask(world, good.id, 1n), provedTask(world, fickle.id, 1n)]
    await world.rpc('evm_setAutomine', false)
    try {
      await destination.deliver(items)
      await world.rpc('anvil_setStorageAt', fickle.dapp, `0x${'0'.repeat(64)}`, `0x${'0'.repeat(63)}1`)
      await world.rpc('evm_mine')
    } finally {
      await world.rpc('evm_setAutomine', true)
    }
    const seen = await watcher.watch(items.map((item) => inState(item, 'submitted')))
    expect(seen).toMatchObject([
      { type: 'settled', task: items[0]?.record.id },
      { type: 'reverted', task: items[1]?.record.id, reason: expect.stringMatching(/the station is closed/) },
    ])
  })

  it('reports a transaction that reverts although it was simulated, with its reason', async () => {
    const fickle = await world.project({ dapp: revertingWhenSet(CUSTOM) })
    const { destination, watcher } = settlerOf(world, world.sender())
    const item = provedTask(world, fickle.id, 1n)
    await world.rpc('evm_setAutomine', false)
    try {
      await destination.deliver([item])
      await world.rpc('anvil_setStorageAt', fickle.dapp, `0x${'0'.repeat(64)}`, `0x${'0'.repeat(63)}1`)
      await world.rpc('evm_mine')
    } finally {
      await world.rpc('evm_setAutomine', true)
    }
    expect(await watcher.watch([inState(item, 'submitted')])).toMatchObject([
      { type: 'reverted', reason: expect.stringContaining(CUSTOM.slice(0, 10)) },
    ])
    // Repaired and replayed, it may have another nonce.
    await world.rpc('anvil_setStorageAt', fickle.dapp, `0x${'0'.repeat(64)}`, `0x${'0'.repeat(64)}`)
    expect((await destination.deliver([item])).get(item.record.id)).toEqual({ type: 'submitted' })
    expect(await watcher.watch([inState(item, 'submitted')])).toMatchObject([{ type: 'settled' }])
  })

  it('finds what somebody else submitted', async () => {
    const { id } = await world.project()
    const { destination } = settlerOf(world, world.sender())
    const item = provedTask(world, id, 5n)
    const { settlement } = world.deployment.contracts
    const { transactionHash } = await transact(world.operator, 'Settling', { to: settlement, data: settleData(item) })
    const delivered = (await destination.deliver([item])).get(item.record.id)
    expect(delivered).toMatchObject({ type: 'consumed', settlement: { transactionHash, contract: settlement } })
  })

  it('takes a copy that was mined before its own transaction for the settlement that it is', async () => {
    const { id } = await world.project()
    const { destination, watcher } = settlerOf(world, world.sender())
    const item = provedTask(world, id, 6n)
    const task = item.record.id
    const { operator, preset, deployment } = world
    const { settlement } = deployment.contracts
    await world.rpc('evm_setAutomine', false)
    try {
      expect((await destination.deliver([item])).get(task)).toEqual({ type: 'submitted' })
      const nonce = await world.chain.transactionCount(operator.signer.address, 'latest')
      const call = { to: settlement, data: settleData(item), gas: 1_000_000n }
      const fees = { maxFeePerGas: 100_000_000_000n, maxPriorityFeePerGas: 50_000_000_000n }
      const copy = await signTransaction(operator.signer, preset, call, nonce, fees)
      await world.chain.broadcast(copy.raw)
      await world.rpc('evm_mine')
      const own = (await world.state.rowOf(task))?.attempts[0]?.hash
      if (own === undefined) throw new Error('it was sent')
      expect(await world.chain.receipt(own)).toMatchObject({ success: false })
      expect(await watcher.watch([inState(item, 'submitted')])).toMatchObject([
        { type: 'settled', task, settlement: { transactionHash: copy.hash, contract: settlement } },
      ])
    } finally {
      await world.rpc('evm_setAutomine', true)
    }
  })

  it('reports a revert only when its block is final', async () => {
    const fickle = await world.project({ dapp: revertingWhenSet(STRING) })
    const chain = world.connect({ preset: { finalityDepth: 2 } })
    const { destination, watcher } = settlerOf(world, world.sender({}, chain))
    const item = provedTask(world, fickle.id, 1n)
    await world.rpc('evm_setAutomine', false)
    try {
      await destination.deliver([item])
      await world.rpc('anvil_setStorageAt', fickle.dapp, `0x${'0'.repeat(64)}`, `0x${'0'.repeat(63)}1`)
      await world.rpc('evm_mine')
    } finally {
      await world.rpc('evm_setAutomine', true)
    }
    expect(await watcher.watch([inState(item, 'submitted')])).toEqual([])
    await world.rpc('anvil_mine', '0x2')
    expect(await watcher.watch([inState(item, 'submitted')])).toMatchObject([
      { type: 'reverted', reason: expect.stringMatching(/the station is closed/) },
    ])
  })

  it("decodes a revert that is found after mining by the project file's ABI", async () => {
    const fickle = await world.project({ dapp: revertingWhenSet(CUSTOM) })
    const { destination, watcher } = settlerOf(world, world.sender())
    const contractAbiJSON = JSON.stringify(DAPP)
    const items = [1n, 2n].map((number): Outgoing => {
      return { ...provedTask(world, fickle.id, number), output: { type: 'settlement', contractAbiJSON } }
    })
    await world.rpc('evm_setAutomine', false)
    try {
      await destination.deliver(items)
      await world.rpc('anvil_setStorageAt', fickle.dapp, `0x${'0'.repeat(64)}`, `0x${'0'.repeat(63)}1`)
      await world.rpc('evm_mine')
    } finally {
      await world.rpc('evm_setAutomine', true)
    }
    const reverted = { type: 'reverted', reason: expect.stringMatching(/refused it: TooHot\(degrees: 51\)/) }
    expect(await watcher.watch(items.map((item) => inState(item, 'submitted')))).toMatchObject([reverted, reverted])
  })

  it('waits for what the owner of a project may mend, and goes on then', async () => {
    const { id, dapp } = await world.project()
    const { destination } = settlerOf(world, world.sender())
    const item = provedTask(world, id, 1n)
    const { projectRegistrar, fleetManager, settlement } = world.deployment.contracts
    const act = (to: Address, data: Hex) => transact(world.operator, 'Changing the project', { to, data })
    const ofProject = (functionName: 'pauseProject' | 'unpauseProject' | 'unbindDapp') =>
      encodeFunctionData({ abi: OWNED, functionName, args: [id] })
    const sequencer = (functionName: 'allowSequencer' | 'disallowSequencer') =>
      encodeFunctionData({ abi: fleetManagerAbi, functionName, args: [id, world.sequencer.address] })
    for (const [breaking, mending, to, reason] of [
      [ofProject('pauseProject'), ofProject('unpauseProject'), projectRegistrar, /ProjectPaused/],
      [sequencer('disallowSequencer'), sequencer('allowSequencer'), fleetManager, /SequencerNotAllowed/],
      [
        ofProject('unbindDapp'),
        encodeFunctionData({ abi: w3bstreamSettlementAbi, functionName: 'bindDapp', args: [id, dapp] }),
        settlement,
        /DappNotBound/,
      ],
    ] as const) {
      await act(to, breaking)
      expect((await destination.deliver([item])).get(item.record.id)).toMatchObject({
        type: 'waiting',
        retryAfterMs: 30_000,
        reason: expect.stringMatching(reason),
      })
      await act(to, mending)
    }
    expect((await destination.deliver([item])).get(item.record.id)).toEqual({ type: 'submitted' })
  })

  it('refuses a task whose number another task has', async () => {
    const { id } = await world.project()
    const { destination } = settlerOf(world, world.sender())
    await destination.deliver([provedTask(world, id, 5n)])
    const other = provedTask(world, id, 5n, { messageCount: 4 })
    expect(String((await destination.deliver([other])).get(other.record.id))).toMatch(
      /another task was settled under this task's number/,
    )
  })

  it('lets a failed task be sent again without a watcher to close its nonce', async () => {
    const fickle = await world.project({ dapp: revertingWhenSet(STRING) })
    const { destination } = settlerOf(world, world.sender())
    const item = provedTask(world, fickle.id, 1n)
    await world.rpc('evm_setAutomine', false)
    try {
      await destination.deliver([item])
      await world.rpc('anvil_setStorageAt', fickle.dapp, `0x${'0'.repeat(64)}`, `0x${'0'.repeat(63)}1`)
      await world.rpc('evm_mine')
    } finally {
      await world.rpc('evm_setAutomine', true)
    }
    await world.rpc('anvil_setStorageAt', fickle.dapp, `0x${'0'.repeat(64)}`, `0x${'0'.repeat(64)}`)
    expect((await destination.deliver([item])).get(item.record.id)).toEqual({ type: 'submitted' })
    expect((await destination.deliver([item])).get(item.record.id)).toMatchObject({ type: 'consumed' })
  })
})
