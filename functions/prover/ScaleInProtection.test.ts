import { once } from 'node:events'
import { createServer } from 'node:http'
import type { Telemetry } from '@w3bstream/core'
import { expect, it, onTestFinished } from 'vitest'
import { ScaleInProtection } from './ScaleInProtection.ts'

const logged: unknown[] = []
const telemetry: Telemetry = {
  count() {},
  observe() {},
  gauge() {},
  log: (_level, message) => void logged.push(message),
  span: (_name, _of, run) => run(),
}

/** A container agent that notes what it is asked. */
async function agent(status = 200) {
  const asked: unknown[] = []
  const server = createServer((request, answer) => {
    let body = ''
    request.on('data', (chunk: Buffer) => {
      body += chunk.toString()
    })
    request.on('end', () => {
      asked.push([request.method, request.url, JSON.parse(body).ProtectionEnabled])
      answer.writeHead(status).end('{}')
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return { asked, url: `http://127.0.0.1:${address.port}/api` }
}

it('protects the task while something is proved, and no longer', async () => {
  const { asked, url } = await agent()
  const protection = new ScaleInProtection({ telemetry }, { agent: url })
  const [first, second] = [Promise.withResolvers<number>(), Promise.withResolvers<number>()]
  const both = [protection.during(() => first.promise), protection.during(() => second.promise)]
  await protection.settled()
  first.resolve(1)
  await both[0]
  await protection.settled()
  expect(asked).toEqual([['PUT', '/api/task-protection/v1/state', true]])
  second.resolve(2)
  expect(await Promise.all(both)).toEqual([1, 2])
  await protection.settled()
  expect(asked).toEqual([
    ['PUT', '/api/task-protection/v1/state', true],
    ['PUT', '/api/task-protection/v1/state', false],
  ])
})

it('says the last word last, and passes over what was overtaken', async () => {
  const { asked, url } = await agent()
  const protection = new ScaleInProtection({ telemetry }, { agent: url })
  for (let i = 0; i < 20; i++) await protection.during(async () => i)
  await protection.settled()
  expect(asked.at(-1)).toEqual(['PUT', '/api/task-protection/v1/state', false])
})

it('proves without an agent, and when it refuses', async () => {
  const alone = new ScaleInProtection({ telemetry }, { agent: null })
  expect(await alone.during(async () => 'proof')).toBe('proof')
  const refused = new ScaleInProtection({ telemetry }, { agent: (await agent(500)).url })
  expect(await refused.during(async () => 'proof')).toBe('proof')
  await refused.settled()
  expect(logged).toContain('the task could not be protected from scaling in')
})
