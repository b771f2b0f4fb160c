// Stands in for the Lambda runtime: loads a bundled handler, hands it two events, and prints when what was done, in milliseconds since the process started.
// Plain JavaScript: the runtime strips no types. Arguments: the bundle, a file with the two events, and, to be kept, a folder of the compile cache.
import { readFileSync } from 'node:fs'
import { enableCompileCache } from 'node:module'
import { PassThrough } from 'node:stream'

const [bundle, file, cache] = process.argv.slice(2)
if (cache !== undefined) enableCompileCache(cache)
const events = JSON.parse(readFileSync(file, 'utf8'))
globalThis.awslambda = {
  streamifyResponse: (handler) => handler,
  HttpResponseStream: {
    from(stream, head) {
      stream.head = head
      return stream
    },
  },
}

const bootMs = performance.now()
const { handler } = await import(bundle)
const importedMs = performance.now()

/** @returns the answer, and when its last byte was written */
async function call(event) {
  const stream = new PassThrough()
  const chunks = []
  const ended = new Promise((resolve) => {
    stream.on('data', (chunk) => chunks.push(chunk))
    stream.on('end', () => resolve(performance.now()))
  })
  await handler(event, stream, {})
  return { status: stream.head.statusCode, body: Buffer.concat(chunks).toString(), endedMs: await ended }
}

const first = await call(events[0])
const { user, system } = process.cpuUsage()
const secondAt = performance.now()
const second = await call(events[1])
console.log(
  JSON.stringify({
    bootMs,
    importMs: importedMs - bootMs,
    firstMs: first.endedMs - importedMs,
    totalMs: first.endedMs,
    cpuMs: (user + system) / 1000,
    secondMs: second.endedMs - secondAt,
    rssMb: process.memoryUsage.rss() / 1e6,
    answers: [first, second].map(({ status, body }) => ({ status, body })),
  }),
)
// Connections that are kept open would hold the process. The compile cache is written at its end, this one too.
process.exit(0)
