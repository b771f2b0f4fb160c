import { z } from '@hono/zod-openapi'
import { schemas } from '../v1/schemas.ts'
import type { Description } from './Description.ts'

const state = z.object({ state: z.string(), time: z.string(), comment: z.string(), result: z.string() })
const uint64 = z.int().openapi({ description: 'Up to 2^64-1, as plain digits.' })

/** The older routes as the OpenAPI document has them. */
export const olderDescriptions: readonly Description[] = [
  {
    method: 'post',
    path: '/message',
    tag: 'older',
    summary: 'Post a message',
    description:
      'Field names in any case; no Content-Type needed. With `signature` it is the later API: secp256k1 over keccak256 of the JSON without it, and the answer has `taskID` when this post filled the batch.',
    body: {
      schema: z.object({
        projectID: uint64,
        projectVersion: z.string(),
        data: z.string(),
        signature: z.string().optional(),
      }),
    },
    answer: {
      schema: z.union([z.object({ messageID: z.string() }), z.object({ taskID: z.string().optional() })]),
      is: 'Durable.',
    },
    errors: [400, 401, 403, 409, 413, 429, 503],
    token: 'optional',
    headers: z.object({
      'idempotency-key': schemas.idempotencyKey.openapi({
        description:
          'The same key with the same data gives the first answer again. For senders with a token or a signature.',
      }),
    }),
  },
  {
    method: 'get',
    path: '/message/{id}',
    tag: 'older',
    summary: 'What happened to a message',
    answer: {
      schema: z.object({ messageID: z.string(), states: z.array(state).nullable() }),
      is: 'Its states in order, each once; the comment of `dispatched` says how far a long proof is. Null where there is no such message.',
    },
    errors: [429],
  },
  {
    method: 'get',
    path: '/task/{projectID}/{taskID}',
    tag: 'older',
    summary: 'What happened to a task',
    answer: {
      schema: z.object({ taskID: uint64, projectID: uint64, states: z.array(state).nullable() }),
      is: 'Its states in order, each once; the comment of `dispatched` says how far a long proof is. Null where there is no such task.',
    },
    errors: [400, 401, 429],
    token: 'optional',
  },
  {
    method: 'get',
    path: '/task',
    tag: 'older',
    summary: 'What happened to a task (later API)',
    description: 'As a JSON body `{"projectID","taskID"}` or as query parameters.',
    query: z.object({ projectID: z.string().optional(), taskID: z.string().optional() }),
    answer: {
      schema: z.object({
        projectID: uint64,
        taskID: z.string(),
        states: z.array(
          z.object({
            state: z.enum(['packed', 'assigned', 'settled', 'failed']),
            time: z.string(),
            comment: z.string().optional(),
            error: z.string().optional(),
            transaction_hash: z.string().optional(),
            prover_id: z.string().optional(),
          }),
        ),
      }),
      is: 'Its states in order.',
    },
    errors: [400, 404, 413, 429],
  },
  {
    method: 'get',
    path: '/live',
    tag: 'older',
    summary: 'Whether the server is up',
    answer: { schema: z.object({ status: z.literal('up') }), is: 'It is.' },
  },
  {
    method: 'post',
    path: '/sign_credential',
    tag: 'older',
    summary: 'Issue a verifiable credential',
    description:
      "A W3C VC API issue request. The JWT serves as a token for posting messages; the subject is the caller's own word.",
    body: { schema: z.object({ credential: z.looseObject({}), options: z.looseObject({}).optional() }) },
    answer: { schema: z.object({ verifiableCredential: z.string() }), is: 'The credential as a JWT.' },
    errors: [400, 413, 429, 501],
  },
  {
    method: 'get',
    path: '/coordinator_config',
    tag: 'older',
    summary: 'Contract and operator accounts',
    answer: {
      schema: z.object({
        projectContractAddress: z.string(),
        OperatorETHAddress: z.string().optional(),
        operatorSolanaAddress: z.string().optional(),
      }),
      is: 'The addresses.',
    },
  },
]
