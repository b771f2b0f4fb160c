import { createHash } from 'node:crypto'
import { buildApp } from 'fauxqs'
import type { Emulator } from './Emulator.ts'
import { EmulatorError } from './EmulatorError.ts'

type App = Awaited<ReturnType<typeof buildApp>>
type Stores = NonNullable<NonNullable<Parameters<typeof buildApp>[0]>['stores']>

const MAX_BODY_BYTES = 100 * 1024 * 1024

/**
 * Starts an emulator of SQS and S3 on 127.0.0.1, in this process. Over fauxqs it has S3's conditional writes (`If-None-Match: *`), bodies up to
 * 100 MB and the check of `x-amz-checksum-sha256`. A restart keeps queues and objects, as the services would.
 */
export async function startFauxqs(): Promise<Emulator> {
  const stores = await makeStores()
  const keys = new Set<string>()
  let app = await listen(stores, keys, 0)
  const port = portOf(app)
  return {
    url: `http://127.0.0.1:${port}`,
    async restart() {
      await app.close()
      app = await listen(stores, keys, port)
    },
    async stop() {
      await app.close()
    },
  }
}

/** The package shows its stores' types and takes them as an option, but exports no way to make them. */
async function makeStores(): Promise<Stores> {
  const part = (path: string) => import(new URL(path, import.meta.resolve('fauxqs')).href)
  const sqs: { SqsStore: new () => Stores['sqsStore'] } = await part('./sqs/sqsStore.js')
  const sns: { SnsStore: new () => Stores['snsStore'] } = await part('./sns/snsStore.js')
  const s3: { S3Store: new () => Stores['s3Store'] } = await part('./s3/s3Store.js')
  const sqsStore = new sqs.SqsStore()
  // Else queue URLs would name a host that no resolver knows.
  sqsStore.host = ''
  return { sqsStore, snsStore: new sns.SnsStore(), s3Store: new s3.S3Store() }
}

async function listen(stores: Stores, keys: Set<string>, port: number): Promise<App> {
  const app = buildApp({ logger: false, stores })
  app.removeContentTypeParser('*')
  app.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: MAX_BODY_BYTES }, (_request, body, done) => {
    done(null, body)
  })
  app.addHook('preHandler', async (request, reply) => {
    const path = request.url.split('?')[0] ?? ''
    if (!/^\/[^/]+\/.+/.test(path)) return
    if (request.method === 'DELETE') keys.delete(path)
    if (request.method !== 'PUT') return
    const refuse = (status: number, code: string, message: string) =>
      reply
        .code(status)
        .header('content-type', 'application/xml')
        .send(`<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code><Message>${message}</Message></Error>`)
    const sha256 = request.headers['x-amz-checksum-sha256']
    const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0)
    if (sha256 !== undefined && createHash('sha256').update(body).digest('base64') !== sha256)
      return refuse(400, 'BadDigest', 'The SHA256 you specified did not match the calculated checksum.')
    if (request.headers['if-none-match'] === '*' && keys.has(path))
      return refuse(412, 'PreconditionFailed', 'At least one of the pre-conditions you specified did not hold')
    keys.add(path)
    return undefined
  })
  await app.listen({ port, host: '127.0.0.1' })
  return app
}

function portOf(app: App): number {
  const address = app.server.address()
  if (address === null || typeof address === 'string') throw new EmulatorError('fauxqs has no port')
  return address.port
}
