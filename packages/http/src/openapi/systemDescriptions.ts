import { z } from '@hono/zod-openapi'
import type { Description } from './Description.ts'

/** The system routes as the OpenAPI document has them. */
export const systemDescriptions: readonly Description[] = [
  {
    method: 'get',
    path: '/healthz',
    tag: 'system',
    summary: 'Whether the process answers',
    answer: { schema: z.object({ status: z.literal('up') }), is: 'It does.' },
  },
  {
    method: 'get',
    path: '/readyz',
    tag: 'system',
    summary: 'Whether all that it needs is there',
    answer: { schema: z.object({ status: z.literal('ready') }), is: 'It is.' },
    errors: [503],
  },
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
  {
    method: 'get',
    path: '/metrics',
    tag: 'system',
    summary: "Metrics in Prometheus' text format",
    answer: { type: 'text/plain', schema: z.string(), is: 'The metrics.' },
  },
  {
    method: 'get',
    path: '/openapi.json',
    tag: 'system',
    summary: 'This description',
    answer: { schema: z.looseObject({ openapi: z.string() }), is: 'An OpenAPI 3.1 document.' },
  },
]
