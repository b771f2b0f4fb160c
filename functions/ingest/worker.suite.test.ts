import { readFile } from 'node:fs/promises'
import { httpSuite } from '@w3bstream/http/suite'
import { testAws } from '@w3bstream/store-aws/testing'
import { Miniflare } from 'miniflare'
import { beforeAll, describe } from 'vitest'
import { bundle } from '../build.mjs'
import { awsRoad } from '../testing/awsRoad.ts'
import { ingestVariables, TEST_DOMAIN } from '../testing/ingestVariables.ts'

const ORIGIN = 'https://w3b.example'

describe('the application as an edge worker in workerd, over DynamoDB and S3', () => {
  const aws = testAws()
  let script: string

  beforeAll(async () => {
    script = await readFile((await bundle('worker')).file, 'utf8')
  })

  httpSuite(async (options) => {
    const deployment = await aws.make()
    const road = await awsRoad(aws, deployment, TEST_DOMAIN)
    const worker = new Miniflare({
      modules: true,
      script,
      host: '127.0.0.1',
      port: 0,
      compatibilityDate: '2026-01-01',
      bindings: ingestVariables(deployment, options),
      cf: false,
      // Its metrics are no news to whoever runs tests.
      handleStructuredLogs: () => {},
    })
    return {
      origin: ORIGIN,
      domain: TEST_DOMAIN,
      road,
      packsOnPost: false,
      async fetch(request) {
        request.headers.set('cf-connecting-ip', '198.51.100.10')
        const { body, headers, method, url } = request
        const answer = await worker.dispatchFetch(url, {
          method,
          headers: Object.fromEntries(headers),
          ...(body === null ? {} : { body, duplex: 'half' }),
        })
        const bodyless = answer.status === 204 || method === 'HEAD'
        return new Response(bodyless ? null : answer.body, { status: answer.status, headers: [...answer.headers] })
      },
      async stop() {
        await worker.dispose()
        await road.stop()
      },
    }
  })
})
