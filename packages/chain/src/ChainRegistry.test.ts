import { projectRegistrarAbi } from '@w3bstream/contracts'
import type { ChainState, Telemetry } from '@w3bstream/core/ports'
import { ChainUnavailableError, hash, type ProjectRecord, projectId } from '@w3bstream/protocol'
import { encodeFunctionData, encodeFunctionResult, parseAbi } from 'viem'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ChainRegistry } from './ChainRegistry.ts'
import { startAnvil } from './fixtures/anvil.test.fixture.ts'
import { startProxy } from './fixtures/brokenEndpoints.test.fixture.ts'
import { CONFIG_HASH, makeWorld, type World } from './fixtures/world.test.fixture.ts'
import { transact } from './transact.ts'

const ID = projectId(1)
const OTHER_HASH = hash(`0x${'dd'.repeat(32)}`)
const OWNED = parseAbi([
  'function pauseProject(uint64)',
  'function unpauseProject(uint64)',
  'function transferFrom(address,address,uint256)',
])

describe('ChainRegistry', () => {
  let world: World
  beforeEach(async () => {
    world = await makeWorld()
  })
  afterEach(() => world.close())

  const registryOver = (chain = world.chain, options = {}) =>
    new ChainRegistry({ chain, state: world.state, contracts: world.deployment.contracts }, options)
  const act = (functionName: 'pauseProject' | 'unpauseProject') =>
    transact(world.operator, functionName, {
      to: world.deployment.contracts.projectRegistrar,
      data: encodeFunctionData({ abi: OWNED, functionName, args: [ID] }),
    })

  it('follows a project from its registration through updates, pauses and sale', async () => {
    const registry = registryOver()
    const seen: ProjectRecord[] = []
    const unwatch = registry.watch((record) => seen.push(record))
    await registry.sync()
    expect(await registry.projects()).toEqual([])
    await world.owner.createProject('ipfs://one', CONFIG_HASH)
    await registry.sync()
    expect(await registry.project(ID)).toMatchObject({
      uri: 'ipfs://one',
      hash: CONFIG_HASH,
      paused: false,
      owner: world.operator.signer.address,
    })
    await world.owner.updateProject(ID, 'ipfs://two', OTHER_HASH)
    await act('pauseProject')
    await registry.sync()
    expect(await registry.project(ID)).toMatchObject({ uri: 'ipfs://two', hash: OTHER_HASH, paused: true })
    await act('unpauseProject')
    await transact(world.operator, 'selling', {
      to: world.deployment.contracts.projectRegistrar,
      data: encodeFunctionData({
        abi: OWNED,
        functionName: 'transferFrom',
        args: [world.operator.signer.address, world.settler.address, 1n],
      }),
    })
    await registry.sync()
    expect(await registry.project(ID)).toMatchObject({ paused: false, owner: world.settler.address })
    expect(seen.map(({ uri }) => uri)).toEqual(['ipfs://one', 'ipfs://two', 'ipfs://two'])
    unwatch()
    await world.owner.createProject('ipfs://three', CONFIG_HASH)
    await registry.sync()
    expect(await registry.projects()).toHaveLength(2)
    expect(seen).toHaveLength(3)
  })

  it('goes on from its cursor, in ranges that an endpoint allows', async () => {
    await world.owner.createProject('ipfs://one', CONFIG_HASH)
    await world.rpc('anvil_mine', '0x19')
    const proxy = await startProxy(world.anvil.url)
    try {
      const chain = world.connect({ rpc: [proxy.url], preset: { logRange: 10 } })
      const ranges = () =>
        proxy.asked
          .filter(({ method }) => method === 'eth_getLogs')
          .map(({ params }) => params[0] as { fromBlock: string; toBlock: string })
          .map(({ fromBlock, toBlock }) => [Number(fromBlock), Number(toBlock)] as const)
      await registryOver(chain).sync()
      const head = Number(await world.chain.blockNumber())
      expect(ranges()[0]?.[0]).toBe(0)
      expect(ranges().at(-1)?.[1]).toBe(head)
      for (const [from, to] of ranges()) expect(to - from).toBeLessThan(10)
      proxy.asked.length = 0
      await world.owner.createProject('ipfs://two', CONFIG_HASH)
      const again = registryOver(chain)
      await again.sync()
      expect(ranges()).toEqual([[head + 1, head + 1]])
      expect(await again.projects()).toHaveLength(2)
    } finally {
      await proxy.close()
    }
  })

  it('keeps no uri of any length, whatever an endpoint says: one that is too long says so, and holds up nothing', async () => {
    const longest = `ipfs://${'x'.repeat(2_041)}`
    for (const uri of ['ipfs://one', longest]) await world.owner.createProject(uri, CONFIG_HASH)
    const question = encodeFunctionData({ abi: projectRegistrarAbi, functionName: 'projects', args: [ID] })
    const answer = encodeFunctionResult({
      abi: projectRegistrarAbi,
      functionName: 'projects',
      result: ['é'.repeat(1_025), CONFIG_HASH, false],
    })
    const proxy = await startProxy(world.anvil.url, undefined, undefined, (_method, params) =>
      JSON.stringify(params).includes(question) ? { result: answer } : null,
    )
    try {
      const registry = registryOver(world.connect({ rpc: [proxy.url] }))
      await registry.sync()
      expect((await registry.projects()).map(({ uri }) => uri).sort()).toEqual([
        'invalid: the registered uri has 2050 bytes, more than 2048',
        longest,
      ])
    } finally {
      await proxy.close()
    }
    await world.owner.updateProject(ID, 'ipfs://two', OTHER_HASH)
    const registry = registryOver()
    await registry.sync()
    expect(await registry.project(ID)).toMatchObject({ uri: 'ipfs://two' })
  })

  it('shows nothing before it is final', async () => {
    const registry = registryOver(world.connect({ preset: { finalityDepth: 2 } }), { absentMs: 0 })
    await registry.sync()
    await world.owner.createProject('ipfs://one', CONFIG_HASH)
    await registry.sync()
    expect(await registry.project(ID)).toBeNull()
    await world.rpc('anvil_mine', '0x2')
    await registry.sync()
    expect(await registry.project(ID)).toMatchObject({ uri: 'ipfs://one' })
  })

  it('reads anew what a reorg changed behind its cursor', async () => {
    const registry = registryOver()
    await world.owner.createProject('ipfs://one', CONFIG_HASH)
    await world.rpc('evm_mine')
    await world.owner.updateProject(ID, 'ipfs://gone', OTHER_HASH)
    await registry.sync()
    expect(await registry.project(ID)).toMatchObject({ uri: 'ipfs://gone' })
    await world.rpc('anvil_reorg', 1, [])
    await registry.sync()
    expect(await registry.project(ID)).toMatchObject({ uri: 'ipfs://one', hash: CONFIG_HASH })
  })

  it('forgets a project whose registration a reorg took away', async () => {
    const registry = registryOver()
    await world.owner.createProject('ipfs://one', CONFIG_HASH)
    await registry.sync()
    expect(await registry.projects()).toHaveLength(1)
    await world.rpc('anvil_reorg', 1, [])
    await registry.sync()
    expect(await registry.project(ID)).toBeNull()
    expect(await registry.projects()).toEqual([])
  })

  it('answers for a project that it has not come to yet, and asks once for one that does not exist', async () => {
    await world.owner.createProject('ipfs://one', CONFIG_HASH)
    const proxy = await startProxy(world.anvil.url)
    try {
      const registry = registryOver(world.connect({ rpc: [proxy.url] }), { absentMs: 60_000 })
      expect(await registry.project(ID)).toMatchObject({ uri: 'ipfs://one' })
      const absent = projectId(99)
      expect(await Promise.all([registry.project(absent), registry.project(absent)])).toEqual([null, null])
      const calls = proxy.asked.length
      expect(await registry.project(absent)).toBeNull()
      expect(await registry.project(ID)).toMatchObject({ uri: 'ipfs://one' })
      expect(proxy.asked).toHaveLength(calls)
    } finally {
      await proxy.close()
    }
  })

  it('keeps a newer record than the one that a look-up found meanwhile', async () => {
    await world.owner.createProject('ipfs://one', CONFIG_HASH)
    await world.rpc('anvil_mine', '0x2')
    await world.owner.updateProject(ID, 'ipfs://two', OTHER_HASH)
    const ahead = registryOver()
    // Between this registry's look into the store and its look at the chain, the other follows the chain further.
    let first = true
    const state: ChainState = new Proxy(world.state, {
      get: (target, name) => {
        const member: unknown = Reflect.get(target, name, target)
        if (typeof member !== 'function') return member
        if (name !== 'project') return member.bind(target)
        return async (...args: unknown[]) => {
          const found: unknown = await member.apply(target, args)
          if (first) await ahead.sync()
          first = false
          return found
        }
      },
    })
    const chain = world.connect({ preset: { finalityDepth: 2 } })
    const behind = new ChainRegistry({ chain, state, contracts: world.deployment.contracts })
    expect(await behind.project(ID)).toMatchObject({ uri: 'ipfs://two' })
    expect(await ahead.project(ID)).toMatchObject({ uri: 'ipfs://two', hash: OTHER_HASH })
  })

  it.each([
    ['an error', { error: { code: -32603, message: 'Internal error' } }],
    ['a method that is missing', { error: { code: -32601, message: 'method not found' } }],
    ['a revert', { error: { code: 3, message: 'execution reverted', data: '0x' } }],
    ['bytes that are no record', { result: '0x01' }],
  ])('is unavailable, and nothing else, where the endpoint answers with %s', async (_, answer) => {
    await world.owner.createProject('ipfs://one', CONFIG_HASH)
    const proxy = await startProxy(world.anvil.url, undefined, undefined, (method) =>
      method === 'eth_call' ? answer : null,
    )
    try {
      const registry = registryOver(world.connect({ rpc: [proxy.url] }))
      await expect(registry.project(ID)).rejects.toThrow(ChainUnavailableError)
      await expect(registry.sync()).rejects.toThrow(ChainUnavailableError)
      await expect(registry.isSequencerAllowed(ID, world.sequencer.address)).rejects.toThrow(ChainUnavailableError)
    } finally {
      await proxy.close()
    }
  })

  it('follows by itself, through times when the chain is away', async () => {
    let away = false
    const proxy = await startProxy(world.anvil.url, () => away)
    const warned = Promise.withResolvers<void>()
    const telemetry: Telemetry = {
      count: () => {},
      observe: () => {},
      gauge: () => {},
      log: (level) => level === 'warn' && warned.resolve(),
      span: (_name, _of, run) => run(),
    }
    const chain = world.connect({ rpc: [proxy.url], client: { restMs: 0 } })
    const modules = { chain, state: world.state, contracts: world.deployment.contracts, telemetry }
    const registry = new ChainRegistry(modules, { pollMs: 10, maxBackoffMs: 50 })
    const next = () => {
      const { promise, resolve } = Promise.withResolvers<ProjectRecord>()
      const unwatch = registry.watch((record) => {
        unwatch()
        resolve(record)
      })
      return promise
    }
    try {
      const first = next()
      registry.start()
      await world.owner.createProject('ipfs://one', CONFIG_HASH)
      expect(await first).toMatchObject({ uri: 'ipfs://one' })
      away = true
      await warned.promise
      const second = next()
      await world.owner.updateProject(ID, 'ipfs://two', OTHER_HASH)
      away = false
      expect(await second).toMatchObject({ uri: 'ipfs://two' })
    } finally {
      await registry.close()
      await proxy.close()
    }
  })

  it('starts over on a local chain that was started anew', async () => {
    await world.owner.createProject('ipfs://one', CONFIG_HASH)
    await registryOver().sync()
    const fresh = await startAnvil()
    try {
      const registry = registryOver(world.connect({ rpc: [fresh.url] }))
      // The new chain has no contracts: what is known cannot be confirmed, and is not lost either.
      await expect(registry.sync()).rejects.toThrow(/there is no contract at/)
      expect(await registry.project(ID)).toMatchObject({ uri: 'ipfs://one' })
    } finally {
      await fresh.stop()
    }
  })

  it('knows who may sequence', async () => {
    const { id } = await world.project()
    const registry = registryOver()
    expect(await registry.isSequencerAllowed(id, world.sequencer.address)).toBe(true)
    expect(await registry.isSequencerAllowed(id, world.prover.address)).toBe(false)
  })
})
