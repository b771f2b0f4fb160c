import { systemClock } from '@w3bstream/core'
import { errorResponse } from '@w3bstream/http'
import { fetchAws } from '@w3bstream/store-aws/fetch'
import { readVariables, type Variables } from '../shared/readVariables.ts'
import { LeanTelemetry } from '../shared/telemetry/LeanTelemetry.ts'
import { xraySender } from '../shared/telemetry/xraySender.ts'
import { awsOptions } from './awsOptions.ts'
import { createIngest, type Ingest } from './createIngest.ts'
import { fetchParameter } from './fetchParameter.ts'
import { readIngestConfig } from './readIngestConfig.ts'

interface Opened {
  readonly ingest: Ingest
  readonly telemetry: LeanTelemetry
}

/** The value, never its promise: requests of a worker may not wait for one another. */
let opened: Opened | null = null

/** The application on an edge worker, which writes to the deployment's tables and bucket. Its bindings are the variables of `edge`, with AWS keys as secrets. */
export default {
  async fetch(
    request: Request,
    bindings: Variables,
    context: { waitUntil(promise: Promise<unknown>): void },
  ): Promise<Response> {
    try {
      opened ??= await open(bindings)
      const { ingest, telemetry } = opened
      // The platform sets this header itself.
      const address = request.headers.get('cf-connecting-ip') ?? undefined
      const response = await ingest.fetch(request, { incoming: { socket: { remoteAddress: address } } })
      context.waitUntil(ingest.settle().then(() => telemetry.flush()))
      return response
    } catch (error) {
      console.error(JSON.stringify({ level: 'ERROR', message: 'request failed', error: String(error) }))
      return errorResponse(error)
    }
  },
}

async function open(bindings: Variables): Promise<Opened> {
  const environment = readVariables('edge', bindings, readIngestConfig)
  const options = awsOptions(bindings)
  const telemetry = new LeanTelemetry(
    { write: (line) => console.log(line), sendTraces: xraySender(options, bindings) },
    { service: `${environment.stage}-ingest`, level: environment.logLevel, traceRate: environment.config.traceRate },
  )
  const aws = fetchAws(options)
  const parameter = (name: string) => fetchParameter(options, name)
  return { telemetry, ingest: await createIngest({ aws, telemetry, clock: systemClock, parameter }, environment) }
}
