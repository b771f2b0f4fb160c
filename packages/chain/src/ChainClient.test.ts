import { ChainUnavailableError } from '@w3bstream/protocol'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { ChainClient } from './ChainClient.ts'
import { chainPresets } from './chainPresets.ts'
import { type Anvil, startAnvil } from './fixtures/anvil.test.fixture.ts'
import {
  startForgetfulServer,
  startProxy,
  startRpcServer,
  startSilentServer,
  type TestServer,
} from './fixtures/brokenEndpoints.test.fixture.ts'
import { RpcError } from './RpcError.ts'

const OPTIONS = { timeoutMs: 300 }

describe('ChainClient', () => {
  let anvil: Anvil
  const open: (TestServer | ChainClient)[] = []
  beforeAll(async () => {
    anvil = await startAnvil()
  })
  afterEach(async () => {
    for (const one of open.splice(0).reverse()) await one.close()
  })
  afterAll(() => anvil.stop())

  const keep = <T extends TestServer | ChainClient>(one: T): T => {
    open.push(one)
    return one
  }
  const client = (rpc: readonly string[], options = {}) =>
    keep(new ChainClient({ preset: chainPresets.anvil, rpc }, { ...OPTIONS, ...options }))

  it('goes past an endpoint that never answers, and leaves it alone after', async () => {
    const silent = keep(await startSilentServer())
    const chain = client([silent.url, anvil.url])
    const before = Date.now()
    expect(await chain.blockNumber()).toBe(0n)
    expect(Date.now() - before).toBeLessThan(3_000)
    const again = Date.now()
    expect(await chain.blockNumber()).toBe(0n)
    expect(Date.now() - again).toBeLessThan(OPTIONS.timeoutMs)
  })

  it('asks again where an endpoint has closed a kept connection meanwhile', async () => {
    const forgetful = keep(await startForgetfulServer())
    const chain = client([forgetful.url])
    expect([await chain.blockNumber(), await chain.blockNumber(), await chain.blockNumber()]).toEqual([5n, 5n, 5n])
    expect(forgetful.dropped()).toBeGreaterThan(0)
  })

  it('says within its time that no endpoint answers, without showing the path of one', async () => {
    const silent = keep(await startSilentServer())
    const error = await client([`${silent.url}/secret-key`])
      .blockNumber()
      .catch((caught: unknown) => caught)
    expect(error).toBeInstanceOf(ChainUnavailableError)
    expect(String(error)).toContain(new URL(silent.url).host)
    expect(String(error)).toContain('no answer within 300 ms')
    expect(JSON.stringify(error)).not.toContain('secret-key')
  })

  it('does not believe an endpoint of another chain', async () => {
    const liar = keep(await startRpcServer((method) => ({ result: method === 'eth_chainId' ? '0x1' : '0x99' })))
    expect(await client([liar.url, anvil.url]).blockNumber()).toBe(0n)
    await expect(client([liar.url]).check()).rejects.toThrow(/chain id is 1/)
    await expect(client([liar.url]).blockNumber()).rejects.toThrow(ChainUnavailableError)
    expect(liar.asked).not.toContain('eth_blockNumber')
  })

  it('notices an endpoint that changes chains later', async () => {
    let chainId = '0x7a69'
    const turncoat = keep(await startRpcServer((method) => ({ result: method === 'eth_chainId' ? chainId : '0x99' })))
    const chain = client([turncoat.url, anvil.url], { checkEveryMs: 0 })
    expect(await chain.blockNumber()).toBe(0x99n)
    chainId = '0x1'
    expect(await chain.blockNumber()).toBe(0n)
  })

  it('passes on a failure that the call causes, and asks nobody else', async () => {
    const [first, second] = [keep(await startProxy(anvil.url)), keep(await startProxy(anvil.url))]
    const chain = client([first.url, second.url])
    const from = `0x${'11'.repeat(20)}` as const
    const error = await chain.estimateGas({ from, data: '0x60006000fd' }).catch((caught: unknown) => caught)
    expect(error).toBeInstanceOf(RpcError)
    expect(second.asked).toEqual([])
  })

  it.each([
    ['an expired key', { code: -32600, message: 'Must be authenticated!' }],
    ['a fault inside', { code: -32603, message: 'Internal error' }],
    ['missing state', { code: -32000, message: 'header not found' }],
    ['no such method', { code: -32601, message: 'the method eth_call does not exist/is not available' }],
  ])('asks the next endpoint where the first answers with %s', async (_, error) => {
    const refusing = keep(
      await startRpcServer((method) => (method === 'eth_chainId' ? { result: '0x7a69' } : { error })),
    )
    const call = { to: `0x${'22'.repeat(20)}`, data: '0x' } as const
    expect(await client([refusing.url, anvil.url]).call(call)).toBe('0x')
    expect(refusing.asked).toContain('eth_call')
  })

  it('takes no refusal of its chain id for an answer, whatever the endpoint says of it', async () => {
    const error = { code: -32000, message: 'execution reverted' }
    const refusing = keep(await startRpcServer(() => ({ error })))
    expect(await client([refusing.url, anvil.url]).blockNumber()).toBe(0n)
    await expect(client([refusing.url]).blockNumber()).rejects.toThrow(ChainUnavailableError)
  })

  it('is unavailable where all endpoints are in trouble, and says which', async () => {
    const expired = keep(
      await startRpcServer((method) =>
        method === 'eth_chainId' ? { result: '0x7a69' } : { error: { code: -32600, message: 'key expired' } },
      ),
    )
    const call = { to: `0x${'22'.repeat(20)}`, data: '0x' } as const
    const error = await client([expired.url])
      .call(call)
      .catch((caught: unknown) => caught)
    expect(error).toBeInstanceOf(ChainUnavailableError)
    expect(String(error)).toContain('key expired')
  })

  it.each([
    'nonce too low',
    'already known',
    'insufficient funds for gas * price + value',
    'intrinsic gas too low',
    'replacement transaction underpriced',
    'gas required exceeds allowance (100)',
  ])('takes "%s" for the call\'s own failure', async (message) => {
    const answering = keep(
      await startRpcServer((method) =>
        method === 'eth_chainId' ? { result: '0x7a69' } : { error: { code: -32000, message } },
      ),
    )
    const error = await client([answering.url, anvil.url])
      .estimateGas({ to: `0x${'22'.repeat(20)}`, data: '0x' })
      .catch((caught: unknown) => caught)
    expect(error).toBeInstanceOf(RpcError)
    expect(String(error)).toContain(message)
  })

  it('goes past an endpoint that is at its limit, in trouble, or talks too much', async () => {
    const limited = keep(
      await startRpcServer((method) =>
        method === 'eth_chainId' ? { result: '0x7a69' } : { error: { code: -32005, message: 'limit' } },
      ),
    )
    const failing = keep(await startProxy(anvil.url, () => true))
    const wordy = keep(
      await startRpcServer((method) => ({
        result: method === 'eth_chainId' ? '0x7a69' : '0x99',
        padding: method === 'eth_chainId' ? '' : 'x'.repeat(9_000),
      })),
    )
    const nonsense = keep(
      await startRpcServer((method) => ({ result: method === 'eth_chainId' ? '0x7a69' : { no: 'number' } })),
    )
    const chain = client([limited.url, failing.url, wordy.url, nonsense.url, anvil.url], { maxResponseBytes: 4_096 })
    expect(await chain.blockNumber()).toBe(0n)
  })

  it('speaks over a WebSocket, also after the connection was lost', async () => {
    const own = await startAnvil()
    const url = own.url.replace('http', 'ws')
    const chain = client([url, anvil.url], { restMs: 0 })
    expect(await chain.blockNumber()).toBe(0n)
    await own.stop()
    expect(await chain.balance(`0x${'22'.repeat(20)}`)).toBe(0n)
  })

  it('knows a WebSocket that never opens', async () => {
    const silent = keep(await startSilentServer())
    await expect(client([silent.url.replace('http', 'ws')]).blockNumber()).rejects.toThrow(/no answer within/)
  })

  it('refuses to be made of nothing', () => {
    expect(() => new ChainClient({ preset: { ...chainPresets.anvil, rpc: [] } })).toThrow(/no endpoint is configured/)
    expect(() => new ChainClient({ preset: chainPresets.anvil, rpc: ['ftp://127.0.0.1'] })).toThrow(
      /http, https, ws or wss/,
    )
  })
})
