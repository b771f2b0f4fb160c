import { schemas } from '../v1/schemas.ts'
import type { Description } from './Description.ts'

/** The token routes as the OpenAPI document has them. */
export const tokenDescriptions: readonly Description[] = [
  {
    method: 'post',
    path: '/v1/tokens',
    tag: 'tokens',
    summary: 'Make a token',
    body: { schema: schemas.newToken },
    answer: {
      status: 201,
      schema: schemas.tokenWithSecret,
      is: 'The token with its secret, which is shown this once.',
    },
    errors: [400, 401, 403, 413],
    token: 'required',
  },
  {
    method: 'get',
    path: '/v1/tokens',
    tag: 'tokens',
    summary: 'Tokens, without their secrets',
    answer: { schema: schemas.tokens, is: 'The tokens.' },
    errors: [401, 403],
    token: 'required',
  },
  {
    method: 'delete',
    path: '/v1/tokens/{id}',
    tag: 'tokens',
    summary: 'Revoke a token',
    answer: { status: 204, is: 'Revoked, from now on.' },
    errors: [401, 403, 404],
    token: 'required',
  },
]
