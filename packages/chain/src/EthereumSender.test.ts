import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ChainState, Outgoing, SettlementWatcher, Telemetry, Watched } from '@w3bstream/core/ports'
import type { Settlement } from '@w3bstream/protocol'
import { openStore } from '@w3bstream/store-sqlite'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { EthereumSender } from './EthereumSender.ts'
import { EthereumWatcher } from './EthereumWatcher.ts'
import { startProxy, startSilentServer } from './fixtures/brokenEndpoints.test.fixture.ts'
import { inState, makeWorld, provedTask, settlerOf, type World } from './fixtures/world.test.fixture.ts'
import { NonceBehindError } from './NonceBehindError.ts'
import type { RouterDestination } from './RouterDestination.ts'
import { signTransaction } from './signTransaction.ts'

const ETHER = 10n ** 18n
const hexOf = (value: bigint) => `0x${value.toString(16)}`

describe('EthereumSender', () => {
  let world: World
  let projectId: bigint
  beforeEach(async () => {
    world = await makeWorld()
    projectId = (await world.project()).id
  })
  afterEach(() => world.close())

  const deliver = async (destination: RouterDestination, item: Outgoing) =>
    (await destination.deliver([item])).get(item.record.id)
  const row = (item: Outgoing) => world.state.rowOf(item.record.id)
  const settlements = async () => {
    const address = world.deployment.contracts.settlement
    return world.chain
      .logs({ address, topics: [], fromBlock: 0n, toBlock: await world.chain.blockNumber() })
      .then((logs) => logs.filter(({ topics }) => topics.length === 4))
  }
  /** What a watcher sees of a submitted task once there is something: a block comes soon after its transaction, not with it. */
  const seenBy = (watcher: SettlementWatcher, item: Outgoing): Promise<Watched[]> =>
    vi.waitUntil(
      async () => {
        const seen = await watcher.watch([inState(item, 'submitted')])
        return seen.length > 0 ? seen : null
      },
      { timeout: 10_000 },
    )
  const settledIn = (seen: readonly Watched[]): Settlement => {
    const [first] = seen
    if (first?.type !== 'settled') throw new Error(`expected a settlement, got ${JSON.stringify(first?.type)}`)
    return first.settlement
  }

  it('pauses while the account cannot pay, asks the chain ever more rarely, raises the gauge, and resumes by itself', async () => {
    const proxy = await startProxy(world.anvil.url)
    try {
      const gauges: unknown[] = []
      const telemetry: Telemetry = {
        count: () => {},
        observe: () => {},
        gauge: (name, value, labels) => gauges.push([name, value, labels?.chain]),
        log: () => {},
        span: (_name, _of, run) => run(),
      }
      const { settler: signer, state, clock, deployment } = world
      const router = deployment.contracts.settlement
      const chain = world.connect({ rpc: [proxy.url] })
      const sender = new EthereumSender({ chain, signer, state, clock, router, telemetry })
      const { destination } = settlerOf(world, sender)
      const item = provedTask(world, projectId, 1n)
      await world.rpc('anvil_setBalance', world.settler.address, '0x1')
      expect(await deliver(destination, item)).toMatchObject({
        type: 'waiting',
        reason: expect.stringMatching(new RegExp(`account ${world.settler.address} holds 1 wei .* fund it`)),
      })
      expect(await row(item)).toBeNull()
      expect(gauges).toEqual([['w3b_account_unfunded', 1, '31337']])
      proxy.asked.length = 0
      expect(await deliver(destination, item)).toMatchObject({ type: 'waiting' })
      expect(proxy.asked).toEqual([])
      const tries = async (seconds: number) => {
        const before = gauges.length
        for (let i = 0; i < seconds; i++) {
          world.clock.move(1_000)
          await deliver(destination, item)
        }
        return gauges.length - before
      }
      expect(await tries(120)).toBe(5)
      expect(await tries(120)).toBe(2)
      await world.rpc('anvil_setBalance', world.settler.address, hexOf(ETHER))
      expect(await tries(60)).toBe(1)
      expect(gauges.at(-1)).toEqual(['w3b_account_unfunded', 0, '31337'])
      expect(await deliver(destination, item)).not.toMatchObject({ type: 'waiting' })
      expect(await row(item)).not.toBeNull()
    } finally {
      await proxy.close()
    }
  })

  it('ends the pause of an account as soon as a look shows that it can pay', async () => {
    const sender = world.sender()
    const { destination } = settlerOf(world, sender)
    await world.rpc('anvil_setBalance', world.settler.address, '0x1')
    const item = provedTask(world, projectId, 1n)
    expect(await deliver(destination, item)).toMatchObject({ type: 'waiting' })
    expect(await sender.checkFunds()).toBe(false)
    await world.rpc('anvil_setBalance', world.settler.address, hexOf(ETHER))
    expect(await deliver(destination, item)).toMatchObject({ type: 'waiting' })
    expect(await sender.checkFunds()).toBe(true)
    expect(await deliver(destination, item)).toEqual({ type: 'submitted' })
  })

  it("waits while gas costs more than the chain's ceiling", async () => {
    const chain = world.connect({ preset: { maxFeePerGas: 1n } })
    const { destination } = settlerOf(world, world.sender({}, chain))
    const item = provedTask(world, projectId, 1n)
    expect(await deliver(destination, item)).toMatchObject({
      type: 'waiting',
      reason: expect.stringMatching(/gas costs more than the ceiling of 1 wei/),
    })
    expect(await row(item)).toBeNull()
    expect(await deliver(settlerOf(world, world.sender()).destination, item)).toEqual({ type: 'submitted' })
  })

  it('pays by gas price on a chain without base fees', async () => {
    const chain = world.connect({ preset: { feeMode: 'legacy' } })
    const { destination, watcher } = settlerOf(world, world.sender({}, chain))
    const item = provedTask(world, projectId, 1n)
    expect(await deliver(destination, item)).toEqual({ type: 'submitted' })
    expect((await row(item))?.attempts[0]?.raw).not.toMatch(/^0x02/)
    expect(await watcher.watch([inState(item, 'submitted')])).toMatchObject([{ type: 'settled' }])
  })

  it('stops at what a project may spend a day, and goes on the next day', async () => {
    const { destination } = settlerOf(world, world.sender({ maxSpendPerDay: 500_000n * 2_000_000_000n }))
    const other = (await world.project()).id
    const results = []
    for (let number = 1n; number <= 6n; number++)
      results.push(await deliver(destination, provedTask(world, projectId, number)))
    const waiting = results.filter((result) => !(result instanceof Error) && result?.type === 'waiting')
    expect(waiting.length).toBeGreaterThan(0)
    expect(waiting.length).toBeLessThan(6)
    expect(waiting.at(-1)).toMatchObject({ reason: expect.stringMatching(/has spent \d+ wei of its \d+ today/) })
    expect(await deliver(destination, provedTask(world, other, 1n))).toEqual({ type: 'submitted' })
    world.clock.move(86_400_000)
    expect(await deliver(destination, provedTask(world, projectId, 6n))).toEqual({ type: 'submitted' })
  })

  it('keeps at most K nonces in flight', async () => {
    await world.rpc('evm_setAutomine', false)
    const { destination, watcher } = settlerOf(world, world.sender({ maxInFlight: 2 }))
    const items = [1n, 2n, 3n].map((number) => provedTask(world, projectId, number))
    const types = []
    for (const item of items) types.push(await deliver(destination, item))
    expect(types).toMatchObject([
      { type: 'submitted' },
      { type: 'submitted' },
      { type: 'waiting', reason: '2 transactions are in flight' },
    ])
    await world.rpc('evm_mine')
    const [, , third] = items
    if (third === undefined) throw new Error('three items')
    expect(await deliver(destination, third)).toEqual({ type: 'submitted' })
    await world.rpc('evm_mine')
    const seen = await watcher.watch(items.map((item) => inState(item, 'submitted')))
    expect(seen.map(({ type }) => type)).toEqual(['settled', 'settled', 'settled'])
  })

  it('gives a task one nonce, however many deliver it at once', async () => {
    const items = Array.from({ length: 4 }, () => provedTask(world, projectId, 1n))
    const settlers = items.map(() => settlerOf(world, world.sender()))
    const results = await Promise.all(
      settlers.map(({ destination }, i) => deliver(destination, items[i] ?? provedTask(world, projectId, 1n))),
    )
    expect(results.filter((result) => result instanceof Error)).toEqual([])
    expect(await world.state.nextNonce(world.chain.chainId, world.settler.address)).toBe(1)
    expect(await settlements()).toHaveLength(1)
  })

  it('sends the stored bytes after a crash between storing and broadcasting', async () => {
    const dying = killedAfter(world.state, 'addAttempt')
    const item = provedTask(world, projectId, 1n)
    expect(await deliver(settlerOf(world, world.sender({}, world.chain, dying)).destination, item)).toBeInstanceOf(
      Error,
    )
    const stored = (await row(item))?.attempts[0]
    expect(stored).toBeDefined()
    expect(await settlements()).toHaveLength(0)
    const { sender, destination, watcher } = settlerOf(world, world.sender())
    await sender.checkStart()
    // Blocks come with transactions, most often before the delivery looks.
    expect(await deliver(destination, item)).toMatchObject({ type: expect.stringMatching(/^(consumed|submitted)$/) })
    const { transactionHash } = settledIn(await seenBy(watcher, item))
    expect(transactionHash).toBe(stored?.hash)
    expect(await settlements()).toHaveLength(1)
  })

  it('sends stored bytes by itself, without another delivery', async () => {
    const dying = killedAfter(world.state, 'addAttempt')
    const item = provedTask(world, projectId, 1n)
    await deliver(settlerOf(world, world.sender({}, world.chain, dying)).destination, item)
    const { watcher } = settlerOf(world, world.sender())
    await watcher.watch([])
    expect(await seenBy(watcher, item)).toMatchObject([{ type: 'settled' }])
  })

  it('fills a nonce that was allocated and never signed for, and gives the task another', async () => {
    const dying = killedAfter(world.state, 'allocate')
    const item = provedTask(world, projectId, 1n)
    await deliver(settlerOf(world, world.sender({}, world.chain, dying)).destination, item)
    const { destination, watcher } = settlerOf(world, world.sender())
    // Somebody may still be signing.
    expect(await deliver(destination, item)).toMatchObject({ type: 'waiting' })
    expect(await world.state.row(world.chain.chainId, world.settler.address, 0)).toMatchObject({ status: 'live' })
    world.clock.move(20_000)
    // One delivery fills it, the next finds that final.
    expect(await deliver(destination, item)).toMatchObject({ type: 'waiting' })
    const given = await world.state.row(world.chain.chainId, world.settler.address, 0)
    expect(given).toMatchObject({ status: 'used' })
    expect(await deliver(destination, item)).toEqual({ type: 'submitted' })
    expect(await row(item)).toMatchObject({ nonce: 1 })
    expect(await watcher.watch([inState(item, 'submitted')])).toMatchObject([{ type: 'settled' }])
    expect(await settlements()).toHaveLength(1)
  })

  it('does not sign for a nonce that may have been given up meanwhile', async () => {
    const { clock } = world
    const signer = {
      address: world.settler.address,
      sign: async (digest: Parameters<typeof world.settler.sign>[0]) => {
        clock.move(15_000)
        return world.settler.sign(digest)
      },
    }
    const { chain, state } = world
    const slow = new EthereumSender({ chain, state, clock, signer, router: world.deployment.contracts.settlement })
    const item = provedTask(world, projectId, 1n)
    expect(await deliver(settlerOf(world, slow).destination, item)).toMatchObject({ reason: 'signing took too long' })
    expect((await row(item))?.attempts).toEqual([])
  })

  it('signs in time for many projects on a slow disk', async () => {
    const { clock } = world
    const state = new Proxy(world.state, {
      get: (target, name) => {
        const member: unknown = Reflect.get(target, name, target)
        if (typeof member !== 'function') return member
        return async (...args: unknown[]) => {
          if (name === 'addSpend') clock.move(100)
          return member.apply(target, args)
        }
      },
    })
    const sender = world.sender({ abandonAfterMs: 1_000, maxSpendPerDay: ETHER }, world.chain, state)
    const shares = Array.from({ length: 16 }, (_, i) => ({
      task: provedTask(world, BigInt(i + 1), 1n).record.id,
      projectId: provedTask(world, BigInt(i + 1), 1n).record.task.projectId,
      gas: 21_000n,
    }))
    const to = world.settler.address
    const sent = await sender.send(shares, () => ({ to, data: '0x00', gas: 100_000n }))
    expect([...sent.values()]).toEqual(shares.map(() => ({ type: 'submitted' })))
    const day = new Date(clock.now()).toISOString().slice(0, 10)
    for (const { projectId: id } of shares) expect(await world.state.addSpend(id, day, 0n)).toBeGreaterThan(0n)
  })

  it('asks the chain nothing while no nonce is open, but now and then', async () => {
    const proxy = await startProxy(world.anvil.url)
    try {
      const { watcher } = settlerOf(world, world.sender({}, world.connect({ rpc: [proxy.url] })))
      await watcher.watch([])
      const asked = proxy.asked.length
      for (let i = 0; i < 10; i++) await watcher.watch([])
      expect(proxy.asked).toHaveLength(asked)
      world.clock.move(15_000)
      await watcher.watch([])
      expect(proxy.asked.length).toBeGreaterThan(asked)
    } finally {
      await proxy.close()
    }
  })

  it('looks after open nonces once a block time', async () => {
    await world.rpc('evm_setAutomine', false)
    const proxy = await startProxy(world.anvil.url)
    try {
      const sender = world.sender({}, world.connect({ rpc: [proxy.url] }))
      const { destination } = settlerOf(world, sender)
      await deliver(destination, provedTask(world, projectId, 1n))
      const watcher = new EthereumWatcher({ senders: [sender], state: world.state })
      await watcher.watch([])
      const asked = proxy.asked.length
      await watcher.watch([])
      expect(proxy.asked).toHaveLength(asked)
      world.clock.move(world.preset.blockTimeMs)
      await watcher.watch([])
      expect(proxy.asked.length).toBeGreaterThan(asked)
    } finally {
      await proxy.close()
    }
  })

  it('leaves a chain that is away alone for longer and longer, warns once a minute, and comes back to it', async () => {
    let away = true
    const proxy = await startProxy(world.anvil.url, () => away)
    try {
      const items = [1n, 2n, 3n].map((number) => provedTask(world, projectId, number))
      for (const item of items) await deliver(settlerOf(world, world.sender()).destination, item)
      const warnings: unknown[] = []
      const telemetry: Telemetry = {
        count: () => {},
        observe: () => {},
        gauge: () => {},
        log: (level, _message, fields) => warnings.push([level, fields]),
        span: (_name, _of, run) => run(),
      }
      const chain = world.connect({ rpc: [proxy.url], client: { restMs: 0 } })
      const watcher = new EthereumWatcher({ senders: [world.sender({}, chain)], state: world.state, telemetry })
      const submitted = items.map((item) => inState(item, 'submitted'))
      const rounds = async (count: number, ms: number) => {
        proxy.asked.length = 0
        for (let i = 0; i < count; i++) {
          world.clock.move(ms)
          expect(await watcher.watch(submitted)).toEqual([])
        }
        return proxy.asked.length
      }
      const first = await rounds(50, 1_000)
      expect(first).toBeGreaterThan(0)
      expect(first).toBeLessThan(50)
      expect(warnings).toMatchObject([['warn', { chainId: 31337n }]])
      expect(await rounds(60, 1_000)).toBeLessThan(20)
      expect(warnings).toHaveLength(2)
      away = false
      world.clock.move(60_000)
      expect((await watcher.watch(submitted)).map(({ type }) => type)).toEqual(['settled', 'settled', 'settled'])
    } finally {
      await proxy.close()
    }
  })

  it('keeps what an endpoint did not take, and sends it later', async () => {
    const proxy = await startProxy(world.anvil.url, (method) => method === 'eth_sendRawTransaction')
    try {
      const chain = world.connect({ rpc: [proxy.url], client: { restMs: 0 } })
      const item = provedTask(world, projectId, 1n)
      expect(await deliver(settlerOf(world, world.sender({}, chain)).destination, item)).toEqual({ type: 'submitted' })
      expect(await settlements()).toHaveLength(0)
      const { watcher } = settlerOf(world, world.sender())
      await watcher.watch([])
      expect(await watcher.watch([inState(item, 'submitted')])).toMatchObject([{ type: 'settled' }])
    } finally {
      await proxy.close()
    }
  })

  it('waits while the chain is away, and allocates nothing', async () => {
    const silent = await startSilentServer()
    try {
      const chain = world.connect({ rpc: [silent.url], client: { timeoutMs: 100 } })
      const item = provedTask(world, projectId, 1n)
      const { destination, watcher } = settlerOf(world, world.sender({}, chain))
      expect(await deliver(destination, item)).toMatchObject({ type: 'waiting', reason: /unavailable/ })
      expect(await row(item)).toBeNull()
      expect(await watcher.watch([inState(item, 'submitted')])).toEqual([])
    } finally {
      await silent.close()
    }
  })

  it('offers a better price for what is stuck, in the same nonce', async () => {
    await world.rpc('evm_setAutomine', false)
    const { destination, watcher } = settlerOf(world, world.sender())
    const item = provedTask(world, projectId, 1n)
    await deliver(destination, item)
    await watcher.watch([])
    expect((await row(item))?.attempts).toHaveLength(1)
    world.clock.move(31_000)
    await watcher.watch([])
    const [first, second] = (await row(item))?.attempts ?? []
    if (first === undefined || second === undefined) throw new Error('two attempts')
    expect(second.maxFeePerGas * 1000n).toBeGreaterThanOrEqual(first.maxFeePerGas * 1125n)
    expect(second.maxPriorityFeePerGas * 1000n).toBeGreaterThanOrEqual(first.maxPriorityFeePerGas * 1125n)
    await world.rpc('evm_mine')
    expect(settledIn(await watcher.watch([inState(item, 'submitted')])).transactionHash).toBe(second.hash)
    expect(await settlements()).toHaveLength(1)
  })

  it('offers no price over the ceiling', async () => {
    await world.rpc('evm_setAutomine', false)
    const item = provedTask(world, projectId, 1n)
    await deliver(settlerOf(world, world.sender()).destination, item)
    const fee = (await row(item))?.attempts[0]?.maxFeePerGas ?? 0n
    const { watcher } = settlerOf(world, world.sender({}, world.connect({ preset: { maxFeePerGas: fee } })))
    world.clock.move(31_000)
    await watcher.watch([])
    expect((await row(item))?.attempts).toHaveLength(1)
  })

  it('offers no price that the account cannot pay', async () => {
    await world.rpc('evm_setAutomine', false)
    const { destination, watcher } = settlerOf(world, world.sender())
    const item = provedTask(world, projectId, 1n)
    await deliver(destination, item)
    await world.rpc('anvil_setBalance', world.settler.address, '0x1')
    world.clock.move(31_000)
    await watcher.watch([])
    expect((await row(item))?.attempts).toHaveLength(1)
  })

  it('takes no endpoint that lags for a reorg', async () => {
    const { destination, watcher } = settlerOf(world, world.sender())
    const item = provedTask(world, projectId, 1n)
    await deliver(destination, item)
    const settlement = settledIn(await watcher.watch([inState(item, 'submitted')]))
    const lagging = await startProxy(world.anvil.url, undefined, (method, params) =>
      method === 'eth_getTransactionReceipt' ? [`0x${'00'.repeat(32)}`] : params,
    )
    try {
      const chain = world.connect({ rpc: [lagging.url, world.anvil.url] })
      const { watcher: through } = settlerOf(world, world.sender({}, chain))
      expect(await through.watch([inState(item, 'settled', settlement)])).toMatchObject([{ type: 'finalized' }])
    } finally {
      await lagging.close()
    }
  })

  it('sends the same bytes again when a reorg takes the block away before finality', async () => {
    const chain = world.connect({ preset: { finalityDepth: 3 } })
    const { destination, watcher } = settlerOf(world, world.sender({}, chain))
    const item = provedTask(world, projectId, 1n)
    await deliver(destination, item)
    const first = settledIn(await watcher.watch([inState(item, 'submitted')]))
    expect(await watcher.watch([inState(item, 'settled', first)])).toEqual([])
    await world.rpc('evm_mine')
    await world.rpc('anvil_reorg', 2, [])
    expect(await settlements()).toHaveLength(0)
    expect(await watcher.watch([inState(item, 'settled', first)])).toEqual([
      { type: 'reorged', task: item.record.id, lost: first.blockHash },
    ])
    const second = settledIn(await watcher.watch([inState(item, 'submitted')]))
    expect(second.transactionHash).toBe(first.transactionHash)
    expect(second.blockHash).not.toBe(first.blockHash)
    await world.rpc('anvil_mine', '0x3')
    expect(await watcher.watch([inState(item, 'settled', second)])).toEqual([
      { type: 'finalized', task: item.record.id },
    ])
    expect(await settlements()).toHaveLength(1)
  })

  it('heals its nonces when a reorg is deeper than finality', async () => {
    const { destination, watcher } = settlerOf(world, world.sender())
    const item = provedTask(world, projectId, 1n)
    await deliver(destination, item)
    settledIn(await watcher.watch([inState(item, 'submitted')]))
    await watcher.watch([])
    expect(await row(item)).toMatchObject({ status: 'used' })
    await world.rpc('anvil_reorg', 1, [])
    expect(await settlements()).toHaveLength(0)
    // With no nonce open the chain is looked at now and then.
    world.clock.move(15_000)
    await watcher.watch([])
    expect(await settlements()).toHaveLength(1)
    const next = provedTask(world, projectId, 2n)
    expect(await deliver(destination, next)).toEqual({ type: 'submitted' })
    expect(await watcher.watch([inState(next, 'submitted')])).toMatchObject([{ type: 'settled' }])
  })

  it('gives a task a second nonce when another transaction used the first', async () => {
    await world.rpc('evm_setAutomine', false)
    const chain = world.connect({ preset: { finalityDepth: 2 } })
    const { destination, watcher } = settlerOf(world, world.sender({}, chain))
    const item = provedTask(world, projectId, 1n)
    await deliver(destination, item)
    await world.rpc('anvil_dropTransaction', (await row(item))?.attempts[0]?.hash)
    const { settler, preset } = world
    const fees = { maxFeePerGas: 100_000_000_000n, maxPriorityFeePerGas: 50_000_000_000n }
    const foreign = await signTransaction(settler, preset, { to: settler.address, data: '0x', gas: 21_000n }, 0, fees)
    await world.chain.broadcast(foreign.raw)
    await world.rpc('evm_mine')
    // Used, but not by a final block yet: no second nonce.
    expect(await watcher.watch([inState(item, 'submitted')])).toEqual([])
    expect(await deliver(destination, item)).toEqual({ type: 'submitted' })
    expect(await row(item)).toMatchObject({ nonce: 0, status: 'live' })
    await world.rpc('anvil_mine', '0x2')
    expect(await watcher.watch([inState(item, 'submitted')])).toEqual([{ type: 'lost', task: item.record.id }])
    expect(await deliver(destination, item)).toEqual({ type: 'submitted' })
    expect(await row(item)).toMatchObject({ nonce: 1 })
    await world.rpc('evm_mine')
    expect(await watcher.watch([inState(item, 'submitted')])).toMatchObject([{ type: 'settled' }])
  })

  describe('where endpoints count pending transactions as sent', () => {
    const pendingOnly = (method: string, params: unknown[]) =>
      method === 'eth_getTransactionCount' ? [params[0], 'pending'] : params
    const LEGACY = { historicalState: false, feeMode: 'legacy', finalityDepth: 1 } as const

    it('settles, and takes no nonce for mined before there is a receipt', async () => {
      const proxy = await startProxy(world.anvil.url, undefined, pendingOnly)
      try {
        await world.rpc('evm_setAutomine', false)
        const chain = world.connect({ rpc: [proxy.url], preset: LEGACY })
        const { destination, watcher } = settlerOf(world, world.sender({ maxInFlight: 2 }, chain))
        const items = [1n, 2n, 3n].map((number) => provedTask(world, projectId, number))
        const [first, second, third] = items
        if (first === undefined || second === undefined || third === undefined) throw new Error('three items')
        expect(await deliver(destination, first)).toEqual({ type: 'submitted' })
        expect(await deliver(destination, second)).toEqual({ type: 'submitted' })
        expect(await deliver(destination, third)).toMatchObject({ reason: '2 transactions are in flight' })
        expect(await watcher.watch([inState(first, 'submitted')])).toEqual([])
        expect(await row(first)).toMatchObject({ status: 'live', nonce: 0 })
        await world.rpc('evm_mine')
        const settlement = settledIn(await watcher.watch([inState(first, 'submitted')]))
        expect(await watcher.watch([inState(first, 'settled', settlement)])).toEqual([])
        await world.rpc('evm_mine')
        expect(await watcher.watch([inState(first, 'settled', settlement)])).toMatchObject([{ type: 'finalized' }])
        expect(await row(first)).toMatchObject({ status: 'used' })
        expect(await deliver(destination, third)).toEqual({ type: 'submitted' })
        await world.rpc('evm_mine')
        expect(await settlements()).toHaveLength(3)
      } finally {
        await proxy.close()
      }
    })

    it('gives a second nonce only long after another transaction used the first', async () => {
      const proxy = await startProxy(world.anvil.url, undefined, pendingOnly)
      try {
        await world.rpc('evm_setAutomine', false)
        const chain = world.connect({ rpc: [proxy.url], preset: LEGACY })
        const { destination, watcher } = settlerOf(world, world.sender({}, chain))
        const item = provedTask(world, projectId, 1n)
        await deliver(destination, item)
        await world.rpc('anvil_dropTransaction', (await row(item))?.attempts[0]?.hash)
        const fees = { maxFeePerGas: 100_000_000_000n, maxPriorityFeePerGas: 50_000_000_000n }
        const call = { to: world.settler.address, data: '0x', gas: 21_000n } as const
        await world.chain.broadcast((await signTransaction(world.settler, world.preset, call, 0, fees)).raw)
        await world.rpc('anvil_mine', '0x20')
        expect(await watcher.watch([inState(item, 'submitted')])).toEqual([])
        world.clock.move(30_000)
        expect(await watcher.watch([inState(item, 'submitted')])).toEqual([])
        expect(await row(item)).toMatchObject({ status: 'live', nonce: 0 })
        await world.rpc('anvil_mine', '0xb')
        world.clock.move(30_000)
        expect(await watcher.watch([inState(item, 'submitted')])).toEqual([{ type: 'lost', task: item.record.id }])
        expect(await deliver(destination, item)).toEqual({ type: 'submitted' })
        expect(await row(item)).toMatchObject({ nonce: 1 })
      } finally {
        await proxy.close()
      }
    })
  })

  it('refuses to start from a backup older than the chain, and once told to goes on without settling twice', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'w3b-backup-'))
    try {
      const [before, after] = [provedTask(world, projectId, 1n), provedTask(world, projectId, 2n)]
      const live = join(dir, 'live')
      const first = await openStore({ dir: live })
      await deliver(settlerOf(world, world.sender({}, world.chain, first.chain)).destination, before)
      await first.close()
      cpSync(live, join(dir, 'backup'), { recursive: true })
      const second = await openStore({ dir: live })
      await deliver(settlerOf(world, world.sender({}, world.chain, second.chain)).destination, after)
      await second.close()

      const restored = await openStore({ dir: join(dir, 'backup') })
      const refused = world.sender({}, world.chain, restored.chain)
      const error = await refused.checkStart().catch((caught: unknown) => caught)
      expect(error).toBeInstanceOf(NonceBehindError)
      expect(error).toMatchObject({ message: expect.stringMatching(/has sent 2 transactions .* knows of 1/) })
      const deliverWith = (sender: EthereumSender, item: Outgoing) =>
        deliver(settlerOf(world, sender, restored.chain).destination, item)
      const next = provedTask(world, projectId, 3n)
      expect(await deliverWith(refused, next)).toMatchObject({ type: 'waiting', reason: /older backup/ })

      const sender = world.sender({ adoptChainNonce: true }, world.chain, restored.chain)
      await sender.checkStart()
      expect(await deliverWith(sender, after)).toMatchObject({ type: 'consumed' })
      const watcher = new EthereumWatcher({ senders: [sender], state: restored.chain })
      expect(await watcher.watch([inState(after, 'submitted')])).toMatchObject([{ type: 'settled' }])
      expect(await deliverWith(sender, next)).toEqual({ type: 'submitted' })
      expect(await restored.chain.rowOf(next.record.id)).toMatchObject({ nonce: 2 })
      expect(await settlements()).toHaveLength(3)
      await restored.close()
    } finally {
      rmSync(dir, { recursive: true })
    }
  })

  it('adopts no nonce that is not final yet', async () => {
    await world.rpc('evm_setAutomine', false)
    await deliver(settlerOf(world, world.sender()).destination, provedTask(world, projectId, 1n))
    const fees = { maxFeePerGas: 100_000_000_000n, maxPriorityFeePerGas: 1_000_000_000n }
    const call = { to: world.settler.address, data: '0x', gas: 21_000n } as const
    await world.chain.broadcast((await signTransaction(world.settler, world.preset, call, 1, fees)).raw)
    const sender = world.sender({ adoptChainNonce: true })
    await expect(sender.checkStart()).rejects.toThrow(NonceBehindError)
    await world.rpc('evm_mine')
    await sender.checkStart()
  })
})

/** A store whose process dies right after a step became durable. */
function killedAfter(state: ChainState, step: 'allocate' | 'addAttempt'): ChainState {
  return new Proxy(state, {
    get: (target, name, receiver) => {
      const member: unknown = Reflect.get(target, name, receiver)
      if (typeof member !== 'function') return member
      return async (...args: unknown[]) => {
        const result: unknown = await member.apply(target, args)
        if (name === step) throw new Error('killed')
        return result
      }
    },
  })
}
