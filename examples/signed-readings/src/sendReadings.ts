// npm run readings -w @w3bstream/example-signed-readings -- circuit|guest PROJECT_ID [URL] [--print]
// Two readings, signed by the example's devices, posted to a node. With --print they are not posted: one payload a line, for `w3b project test --data-file`.
import { address, projectId } from '@w3bstream/protocol'
import { z } from 'zod'
import { exampleDevices } from './devices.ts'
import { signedMessage } from './signedMessage.ts'

const words = process.argv.slice(2)
const [kind, project, url = 'http://127.0.0.1:9000'] = words.filter((word) => word !== '--print')
if ((kind !== 'circuit' && kind !== 'guest') || project === undefined) {
  console.error(
    'Usage: npm run readings -w @w3bstream/example-signed-readings -- circuit|guest PROJECT_ID [URL] [--print]',
  )
  process.exit(2)
}

async function ask<T extends z.ZodType>(path: string, schema: T, body?: unknown): Promise<z.infer<T>> {
  const answer = await fetch(`${url}${path}`, {
    signal: AbortSignal.timeout(30_000),
    ...(body === undefined
      ? {}
      : { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
  })
  const text = await answer.text()
  if (!answer.ok) throw new Error(`${path}: HTTP ${answer.status} ${text}`)
  return schema.parse(JSON.parse(text))
}

const registry = await ask('/v1/domain', z.object({ chainId: z.string(), verifyingContract: z.string() }))
const audience = {
  domain: { chainId: BigInt(registry.chainId), verifyingContract: address(registry.verifyingContract) },
  projectId: projectId(project),
}
const { devices, keys } = exampleDevices(kind)
const now = Date.now()
for (const [i, device] of devices.entries()) {
  const reading = { temperature: 21.4 + i, time: Math.floor(now / 1_000) + i }
  const use = { version: '0.1', nonce: BigInt(now) + BigInt(i) }
  const message = await signedMessage(kind, reading, device, keys, audience, use)
  if (words.includes('--print')) console.log(message.data)
  else {
    const { messageId } = await ask('/v1/messages', z.object({ messageId: z.string() }), message)
    console.log(messageId)
  }
}
console.error(`keys root ${keys.root}`)
