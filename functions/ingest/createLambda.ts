import { systemClock, type Telemetry } from '@w3bstream/core'
import { errorResponse } from '@w3bstream/http'
import { W3bError } from '@w3bstream/protocol'
import { fetchAws } from '@w3bstream/store-aws/fetch'
import type { LambdaFunctionURLEvent, LambdaFunctionURLResult } from 'aws-lambda'
import { once } from '../shared/once.ts'
import { readVariables, type Variables } from '../shared/readVariables.ts'
import { LeanTelemetry } from '../shared/telemetry/LeanTelemetry.ts'
import { xraySender } from '../shared/telemetry/xraySender.ts'
import { awsOptions } from './awsOptions.ts'
import { createIngest } from './createIngest.ts'
import { fetchParameter } from './fetchParameter.ts'
import { originOf } from './originOf.ts'
import { readIngestConfig } from './readIngestConfig.ts'
import { requestOf } from './requestOf.ts'
import { type AnswerStream, answerHead, bufferedAnswer, streamAnswer } from './sendResponse.ts'

/** Opens the stream of an answer by its head, as `awslambda.HttpResponseStream.from` does. */
export type OpenAnswer = (head: ReturnType<typeof answerHead>) => AnswerStream

/** The application behind a function URL. */
export interface IngestLambda {
  /** Answers in one piece; event streams come when they have ended. */
  buffered(event: LambdaFunctionURLEvent): Promise<LambdaFunctionURLResult>
  /** Writes the answer as it comes. Resolves when nothing is on its way any more, so that the process may be frozen. */
  streamed(event: LambdaFunctionURLEvent, open: OpenAnswer): Promise<void>
}

/**
 * Reads the environment at once, and begins to open the stores while the platform prepares the first call. Stores that cannot be opened are tried again
 * with each call, which is answered 503.
 * @param write takes a line of logs or metrics
 * @throws {InvalidConfigError} naming every variable that is missing or wrong
 */
export function createLambda(variables: Variables, write: (line: string) => void): IngestLambda {
  const environment = readVariables('ingest', variables, readIngestConfig)
  const options = awsOptions(variables)
  const telemetry = new LeanTelemetry(
    { write, sendTraces: xraySender(options, variables) },
    { service: `${environment.stage}-ingest`, level: environment.logLevel, traceRate: environment.config.traceRate },
  )
  const aws = fetchAws(options)
  const origins = { secrets: environment.originSecrets, direct: environment.direct === 'on' }
  const open = once(() =>
    createIngest(
      { aws, telemetry, clock: systemClock, parameter: (name) => fetchParameter(options, name) },
      environment,
    ),
  )
  // The first call asks again, and tells.
  open().catch(() => {})

  async function answer(event: LambdaFunctionURLEvent, closing: AbortSignal | null): Promise<Response> {
    try {
      // Before anything is parsed for those who have no business here.
      const { address, host } = originOf(event, origins)
      const { request, getBody } = requestOf(event, host)
      const ingest = await open()
      return await ingest.fetch(request, {
        incoming: { socket: { remoteAddress: address } },
        ...(closing === null ? {} : { closing }),
        ...(getBody === undefined ? {} : { getBody }),
      })
    } catch (error) {
      logRefusal(telemetry, error)
      return errorResponse(error)
    }
  }

  async function settle(): Promise<void> {
    const settled = open().then((ingest) => ingest.settle())
    // Stores that cannot be opened have nothing on its way.
    await settled.catch(() => {})
    await telemetry.flush()
  }

  return {
    async buffered(event) {
      const response = await answer(event, null)
      const result = await bufferedAnswer(response)
      await settle()
      return result
    },
    async streamed(event, openAnswer) {
      const left = new AbortController()
      const response = await answer(event, left.signal)
      const stream = openAnswer(answerHead(response))
      stream.once('close', () => left.abort())
      try {
        await streamAnswer(response, stream)
      } catch (error) {
        telemetry.log('warn', 'an answer broke off', { reason: String(error) })
        if (!stream.destroyed) stream.end()
      }
      await settle()
    },
  }
}

function logRefusal(telemetry: Telemetry, error: unknown): void {
  if (error instanceof W3bError)
    telemetry.log(error.status >= 500 ? 'warn' : 'debug', 'request refused', { status: error.status, code: error.code })
  else
    telemetry.log('error', 'request failed', {
      error: error instanceof Error ? (error.stack ?? error.message) : String(error),
    })
}
