import { systemClock } from '@w3bstream/core'
import type { AppEnv } from '@w3bstream/http'
import { serve } from '@w3bstream/http/node'
import { httpSuite } from '@w3bstream/http/suite'
import { fetchAws } from '@w3bstream/store-aws/fetch'
import { testAws } from '@w3bstream/store-aws/testing'
import { Hono } from 'hono'
import { describe } from 'vitest'
import { readVariables } from '../shared/readVariables.ts'
import { LeanTelemetry } from '../shared/telemetry/LeanTelemetry.ts'
import { awsRoad } from '../testing/awsRoad.ts'
import { ingestVariables, TEST_DOMAIN } from '../testing/ingestVariables.ts'
import { awsOptions } from './awsOptions.ts'
import { createIngest } from './createIngest.ts'
import { fetchParameter } from './fetchParameter.ts'
import { readIngestConfig } from './readIngestConfig.ts'

describe('the application under Node, over DynamoDB and S3', () => {
  const aws = testAws()
  httpSuite(async (options) => {
    const deployment = await aws.make()
    const road = await awsRoad(aws, deployment, TEST_DOMAIN)
    const variables = ingestVariables(deployment, options)
    const environment = readVariables('ingest', variables, readIngestConfig)
    const calls = awsOptions(variables)
    const ingest = await createIngest(
      {
        aws: fetchAws(calls),
        telemetry: new LeanTelemetry(
          { write: () => {}, sendTraces: null },
          { service: 'test', level: 'error', traceRate: 0 },
        ),
        clock: systemClock,
        parameter: (name) => fetchParameter(calls, name),
      },
      environment,
    )
    const app = new Hono<AppEnv>()
    app.all('*', (c) => ingest.fetch(c.req.raw, c.env))
    const server = await serve({ app, port: 0 })
    return {
      origin: server.url,
      domain: TEST_DOMAIN,
      road,
      packsOnPost: false,
      fetch(request) {
        // The server closes a connection whose body it refused: the next request must not meet it.
        request.headers.set('connection', 'close')
        return fetch(request)
      },
      async stop() {
        await server.close()
        await ingest.settle()
        await road.stop()
      },
    }
  })
})
