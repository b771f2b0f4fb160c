import { join } from 'node:path'
import { startLocal } from '@w3bstream/local'
import { describe, expect, it, onTestFinished } from 'vitest'
import { instantProject } from '../support/instantProject.ts'
import { tempDir } from '../support/tempDir.ts'
import { testAnvil } from '../support/testAnvil.ts'
import { until } from '../support/until.ts'
import { ChainProxy } from './support/ChainProxy.ts'
import { client } from './support/client.ts'
import { settledEvents } from './support/settledEvents.ts'
import { startNode } from './support/startNode.ts'

describe('a chain endpoint', () => {
  it.each([
    ['hanging', /does not answer|no answer|timed? ?out|time/i],
    ['lying', /chain id is 1/],
  ] as const)('that is %s delays tasks, and costs none', { timeout: 180_000 }, async (behaviour, reason) => {
    const { url, stop } = await testAnvil()
    onTestFinished(stop)
    const proxy = await ChainProxy.start(url)
    const node = await startNode({ rpc: proxy.url })
    const { ready, send, task, taskOf } = client(node)
    const { projectId } = await instantProject(node)
    await taskOf(await send(projectId), 'finalized')
    const settled = await settledEvents(url, node.contracts)

    proxy.behaviour = behaviour
    expect(await ready()).toMatchObject({ status: 503 })
    expect(JSON.stringify((await ready()).body)).toMatch(reason)
    const message = await send(projectId)
    const { id } = await taskOf(message, 'assigned')
    const asked = proxy.asked.length
    await until('the node to try again', () => proxy.asked.length >= asked + 2)
    expect((await task(id)).state).toBe('assigned')
    expect(proxy.asked).not.toContain('eth_sendRawTransaction')
    expect(await settledEvents(url, node.contracts)).toBe(settled)

    proxy.behaviour = 'honest'
    await taskOf(message, 'finalized')
    expect(await settledEvents(url, node.contracts, id)).toBe(1)
    expect((await ready()).status).toBe(200)
  })

  it('that is of another chain than it first said, or silent, keeps a node from starting', {
    timeout: 60_000,
  }, async () => {
    const { url, stop } = await testAnvil()
    onTestFinished(stop)
    const proxy = await ChainProxy.start(url)
    const start = () => startLocal({ port: 0, dataDir: join(tempDir(), 'data'), rpc: proxy.url, logLevel: 'silent' })
    proxy.behaviour = 'hanging'
    await expect(start()).rejects.toMatchObject({ code: 'CHAIN_UNAVAILABLE' })
    proxy.behaviour = 'lying'
    proxy.truths = 1
    await expect(start()).rejects.toMatchObject({
      code: 'CHAIN_UNAVAILABLE',
      message: expect.stringMatching(/its chain id is 1/),
    })
  })
})
