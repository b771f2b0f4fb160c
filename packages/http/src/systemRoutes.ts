import type { AppContext } from './AppContext.ts'
import type { Endpoints } from './Endpoints.ts'
import { Readiness } from './Readiness.ts'
import { json } from './reply/json.ts'

/** Health, metrics, and the description of it all. */
export function systemRoutes(endpoints: Endpoints, { clock, domain, metrics, telemetry, w3b }: AppContext): void {
  const readiness = new Readiness({ w3b, clock, telemetry })
  endpoints.add({ method: 'get', path: '/healthz' }, () => json({ status: 'up' }))
  endpoints.add({ method: 'get', path: '/readyz' }, async () => {
    const waitingFor = await readiness.waitingFor()
    return waitingFor.length === 0
      ? json({ status: 'ready' })
      : json({ error: `Not ready: ${waitingFor.join(', ')}.`, status: 'not ready', waitingFor }, 503)
  })
  endpoints.add({ method: 'get', path: '/v1/domain' }, () => json(domain))
  endpoints.add({ method: 'get', path: '/metrics' }, async () => ({
    status: 200,
    type: 'text/plain; version=0.0.4; charset=utf-8',
    body: await metrics(),
  }))
  let description: string | null = null
  endpoints.add({ method: 'get', path: '/openapi.json' }, async () => {
    if (description === null) {
      // Asked for by people, hardly ever by devices: what makes it costs a cold start tens of milliseconds.
      const { openApiDocument } = await import('./openapi/openApiDocument.ts')
      description = openApiDocument()
    }
    return {
      status: 200,
      type: 'application/json',
      body: description,
      headers: { 'access-control-allow-origin': '*' },
    }
  })
}
