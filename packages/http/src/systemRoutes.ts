import { z } from '@hono/zod-openapi'
import type { AppContext } from './AppContext.ts'
import type { Endpoints } from './Endpoints.ts'
import { Readiness } from './Readiness.ts'
import { json } from './reply/json.ts'

/** Health, metrics, and the description of it all. */
export function systemRoutes(
  endpoints: Endpoints,
  { clock, domain, metrics, telemetry, w3b }: AppContext,
  openApi: () => object,
): void {
  const readiness = new Readiness({ w3b, clock, telemetry })
  endpoints.add(
    {
      method: 'get',
      path: '/healthz',
      tag: 'system',
      summary: 'Whether the process answers',
      answer: { schema: z.object({ status: z.literal('up') }), is: 'It does.' },
    },
    () => json({ status: 'up' }),
  )
  endpoints.add(
    {
      method: 'get',
      path: '/readyz',
      tag: 'system',
      summary: 'Whether all that it needs is there',
      answer: { schema: z.object({ status: z.literal('ready') }), is: 'It is.' },
      errors: [503],
    },
    async () => {
      const waitingFor = await readiness.waitingFor()
      return waitingFor.length === 0
        ? json({ status: 'ready' })
        : json({ error: `Not ready: ${waitingFor.join(', ')}.`, status: 'not ready', waitingFor }, 503)
    },
  )
  endpoints.add(
    {
      method: 'get',
      path: '/v1/domain',
      tag: 'system',
      summary: 'The EIP-712 domain of what devices sign; its name is W3bstream, its version 1',
      answer: {
        schema: z.object({ chainId: z.string(), verifyingContract: z.string() }),
        is: 'Chain and address of the ProjectRegistrar.',
      },
    },
    () => json(domain),
  )
  endpoints.add(
    {
      method: 'get',
      path: '/metrics',
      tag: 'system',
      summary: "Metrics in Prometheus' text format",
      answer: { type: 'text/plain', schema: z.string(), is: 'The metrics.' },
    },
    async () => ({ status: 200, type: 'text/plain; version=0.0.4; charset=utf-8', body: await metrics() }),
  )
  let description: string | null = null
  endpoints.add(
    {
      method: 'get',
      path: '/openapi.json',
      tag: 'system',
      summary: 'This description',
      answer: { schema: z.looseObject({ openapi: z.string() }), is: 'An OpenAPI 3.1 document.' },
    },
    () => {
      description ??= JSON.stringify(openApi())
      return {
        status: 200,
        type: 'application/json',
        body: description,
        headers: { 'access-control-allow-origin': '*' },
      }
    },
  )
}
