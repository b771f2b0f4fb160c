import { z } from '@hono/zod-openapi'
import { schemas } from '../v1/schemas.ts'
import type { Description } from './Description.ts'

/** The message routes as the OpenAPI document has them. */
export const messageDescriptions: readonly Description[] = [
  {
    method: 'post',
    path: '/v1/messages',
    tag: 'messages',
    summary: 'Post a message',
    description:
      'Answered when the message is durable. Signed by a device, under a token, or, where the project takes such, neither.',
    body: { schema: schemas.newMessage },
    answer: { schema: schemas.accepted, is: 'Durable.' },
    errors: [400, 401, 403, 404, 409, 413, 429, 503],
    token: 'optional',
    headers: z.object({
      'idempotency-key': schemas.idempotencyKey.openapi({
        description: 'As the field `idempotencyKey`, which comes first.',
      }),
    }),
  },
  {
    method: 'post',
    path: '/v1/messages/batch',
    tag: 'messages',
    summary: 'Post up to 1,000 messages',
    description:
      'Answered when all that were accepted are durable. One that is refused does not harm its neighbours; where a quota refused some, `Retry-After` says when to send those again. Ids of messages without a nonce and a key of their own are neighbours of one batch: who learns one of them can tell the others.',
    body: { schema: schemas.batch },
    answer: { schema: schemas.batchResult, is: 'One result a message, in order.' },
    errors: [400, 401, 413, 429, 503],
    token: 'optional',
    headers: z.object({
      'idempotency-key': schemas.idempotencyKey.openapi({
        description:
          'Gives the message at index `i` that has no `idempotencyKey` of its own the key `<this key>:<i>`: the same batch sent again gives the same answers. For senders with a token or a signature.',
      }),
    }),
  },
  {
    method: 'get',
    path: '/v1/messages/{id}',
    tag: 'messages',
    summary: 'What happened to a message',
    answer: { schema: schemas.message, is: 'The message and its states.' },
    errors: [400, 401, 404, 429],
    token: 'optional',
  },
  {
    method: 'get',
    path: '/v1/messages/{id}/receipt',
    tag: 'messages',
    summary: "A message's receipt",
    description:
      'As far as it has come: from the device to the block. `w3b message verify` checks it. For whoever knows the message id, which cannot be guessed; without the payload.',
    answer: { schema: schemas.receipt, is: 'The receipt.' },
    errors: [400, 401, 404, 429],
    token: 'optional',
  },
  {
    method: 'get',
    path: '/v1/messages/{id}/inclusion',
    tag: 'messages',
    summary: 'Proof that a message is in its task',
    answer: {
      schema: schemas.inclusion,
      is: "The audit path to the task's messages root, with the blind of the leaf.",
    },
    errors: [400, 401, 404, 429],
    token: 'optional',
  },
  {
    method: 'get',
    path: '/v1/messages/{id}/events',
    tag: 'events',
    summary: 'What happens to a message, as it happens',
    description:
      'Server-sent events, from the first or after `Last-Event-ID`. The stream ends when the task is final or failed, or after a minute.',
    answer: { type: 'text/event-stream', schema: z.string(), is: 'The events.' },
    nothing: '`Last-Event-ID` names the last event, and no more can come: browsers then stay away.',
    errors: [400, 401, 404, 429, 503],
    token: 'optional',
  },
]
