// One process of the road: starts the node, sends one message with a nonce (again, if an earlier process did), and waits until it is finalized.
// argv: data directory, chain endpoint, project id, call at which to die (empty: never), `before` or `after` that call.
// A call is named by its port, its method and how often that was called: `tasks.advance:proved#1`.
// Prints the calls it saw and the receipt as one line of JSON.
import { createHash } from 'node:crypto'
import { loadKeys, startLocal } from '@w3bstream/local'
import { didOfAddress, type Hash, messageDigest, messageId, projectId, toHex } from '@w3bstream/protocol'
import { InstantRuntime } from '../support/InstantRuntime.ts'

const [dataDir = '', rpc = '', project = '', at = '', when = 'before'] = process.argv.slice(2)
const WRITES = new Set(
  'append create advance lease countTry put send ack retry bury allocate addAttempt setStatus addSpend'.split(' '),
)
const seen: string[] = []
const counts = new Map<string, number>()

/** Dies as a power cut would have it: no handler runs, nothing is flushed. */
const die = (): never => {
  process.kill(process.pid, 'SIGKILL')
  throw new Error('dead')
}

let armed = false
const intercept = <T extends object>(name: string, port: T): T =>
  new Proxy(port, {
    get(target, key) {
      const value: unknown = Reflect.get(target, key, target)
      if (typeof value !== 'function') return value
      if (typeof key !== 'string' || !WRITES.has(key)) return value.bind(target)
      return async (...args: unknown[]) => {
        if (!armed) return value.apply(target, args)
        const step = args
          .map((arg) => (typeof arg === 'object' && arg !== null && 'to' in arg ? `:${arg.to}` : ''))
          .join('')
        const call = `${name}.${key}${step}`
        const times = (counts.get(call) ?? 0) + 1
        counts.set(call, times)
        seen.push(`${call}#${times}`)
        const mine = `${call}#${times}` === at
        if (mine && when === 'before') die()
        const result: unknown = await value.apply(target, args)
        if (mine && when === 'after') die()
        return result
      }
    },
  })

const node = await startLocal({
  port: 0,
  dataDir,
  rpc,
  logLevel: 'error',
  runtimes: new Map([['halo2', new InstantRuntime()]]),
  intercept,
})
armed = true
const device = loadKeys(dataDir).prover
const did = didOfAddress(device.address)
const id = projectId(project)
const payload = '{"t":1}'
const payloadHash = toHex(createHash('sha256').update(payload).digest()) as Hash
const digest = messageDigest(node.domain, { projectId: id, version: '0.1', device: did, nonce: 1n, payloadHash })
const answer = await fetch(`${node.url}/v1/messages`, {
  method: 'POST',
  body: JSON.stringify({
    projectId: project,
    version: '0.1',
    data: payload,
    device: did,
    nonce: '1',
    signature: await device.sign(digest),
  }),
})
const body: unknown = await answer.json()
if (!answer.ok) throw new Error(`refused: ${JSON.stringify(body)}`)
const sent = messageId(String(Reflect.get(Object(body), 'messageId')))
const until = Date.now() + 30_000
for (;;) {
  const history = await node.w3b.message(sent)
  const state = history?.task?.state
  if (state === 'finalized') break
  if (state === 'failed' || Date.now() > until) throw new Error(`ended as ${state}: ${history?.task?.failure}`)
  await new Promise((resolve) => setTimeout(resolve, 10))
}
const calls = [...seen]
const receipt = await node.w3b.receipt(sent)
await node.close()
console.log(JSON.stringify({ calls, receipt }))
