import { OpenAPIHono, type RouteConfig, z } from '@hono/zod-openapi'
import { schemas } from '../v1/schemas.ts'
import type { Description } from './Description.ts'
import { eventDescriptions } from './eventDescriptions.ts'
import { messageDescriptions } from './messageDescriptions.ts'
import { olderDescriptions } from './olderDescriptions.ts'
import { projectDescriptions } from './projectDescriptions.ts'
import { systemDescriptions } from './systemDescriptions.ts'
import { taskDescriptions } from './taskDescriptions.ts'
import { tokenDescriptions } from './tokenDescriptions.ts'

const ERRORS = {
  400: 'A field is missing or wrong.',
  401: 'A token or signature is missing or wrong.',
  403: 'The token is not for this.',
  404: 'There is no such thing (yet).',
  409: 'It contradicts what is there.',
  413: 'Too large.',
  422: 'The file or program is not valid.',
  429: 'A quota is used up; `Retry-After` says for how long.',
  501: 'Not configured here.',
  503: 'Not now; `Retry-After` says when.',
}

const DESCRIPTIONS: readonly Description[] = [
  ...olderDescriptions,
  ...messageDescriptions,
  ...taskDescriptions,
  ...projectDescriptions,
  ...tokenDescriptions,
  ...eventDescriptions,
  ...systemDescriptions,
]

/** The OpenAPI 3.1 document of the application, as JSON. Takes a schema library, which nothing else here needs: to be imported when it is asked for. */
export function openApiDocument(): string {
  const app = new OpenAPIHono()
  app.openAPIRegistry.registerComponent('securitySchemes', 'token', { type: 'http', scheme: 'bearer' })
  for (const description of DESCRIPTIONS) app.openAPIRegistry.registerPath(route(description))
  return JSON.stringify(
    app.getOpenAPI31Document({
      openapi: '3.1.0',
      info: {
        title: 'W3bstream',
        version: '1.0.0',
        description:
          "From a device's message to a proof verified on-chain. 64-bit integers are decimal strings under `/v1`.",
        license: { name: 'Apache-2.0', url: 'https://www.apache.org/licenses/LICENSE-2.0' },
      },
    }),
  )
}

function route(endpoint: Description): RouteConfig {
  const {
    method,
    path,
    tag,
    summary,
    description,
    query,
    headers,
    body,
    answer,
    nothing,
    errors = [],
    token,
  } = endpoint
  const parameters = [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1] ?? '')
  const older = !path.startsWith('/v1/')
  return {
    method,
    path,
    tags: [tag],
    summary,
    ...(description === undefined ? {} : { description }),
    ...(token === undefined ? {} : { security: token === 'required' ? [{ token: [] }] : [{}, { token: [] }] }),
    request: {
      ...(parameters.length === 0
        ? {}
        : { params: z.object(Object.fromEntries(parameters.map((p) => [p, z.string()]))) }),
      ...(query === undefined ? {} : { query }),
      ...(headers === undefined ? {} : { headers }),
      ...(body === undefined
        ? {}
        : { body: { required: true, content: { [body.type ?? 'application/json']: { schema: body.schema } } } }),
    },
    responses: {
      [answer.status ?? 200]: {
        description: answer.is,
        ...(answer.schema === undefined
          ? {}
          : { content: { [answer.type ?? 'application/json']: { schema: answer.schema } } }),
      },
      ...(nothing === undefined ? {} : { 204: { description: nothing } }),
      ...Object.fromEntries(
        errors.map((status) => [
          status,
          {
            description: ERRORS[status],
            content: { 'application/json': { schema: older ? z.object({ error: z.string() }) : schemas.error } },
          },
        ]),
      ),
    },
  }
}
