import type { AppContext } from '../AppContext.ts'
import type { Endpoints } from '../Endpoints.ts'
import { HttpError } from '../errors/HttpError.ts'
import { json } from '../reply/json.ts'
import { checked } from '../request/checked.ts'
import { parseBody } from '../request/parseBody.ts'
import { pathParam } from '../request/pathParam.ts'
import { readBody } from '../request/readBody.ts'
import { readTime } from '../request/readTime.ts'
import { readProjectId } from './readProjectId.ts'
import { schemas } from './schemas.ts'
import { viewToken } from './viewToken.ts'

const TOKEN_BODY = 4096

/** `/v1/tokens`, for operators. Nobody makes a token that may do more, elsewhere or for longer than the maker's own. */
export function tokenRoutes(endpoints: Endpoints, { access, clock, tokens }: AppContext): void {
  endpoints.add(
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
    async (c) => {
      const operator = await access.requireAny(c, 'operate')
      const asked = checked(schemas.newToken, parseBody(await readBody(c, TOKEN_BODY)))
      const projectId = asked.projectId == null ? null : readProjectId(asked.projectId)
      access.check(operator, 'operate', projectId)
      const at = clock.now()
      const expiresAt = asked.expiresAt == null ? null : readTime(asked.expiresAt, 'expiresAt', at)
      const beyond = asked.scopes.filter((scope) => !operator.scopes.includes(scope))
      if (beyond.length > 0)
        throw HttpError.forbidden(`Your token does not have the scope ${beyond.join(', ')} itself.`)
      if (operator.expiresAt !== null && (expiresAt === null || expiresAt > operator.expiresAt))
        throw HttpError.forbidden(
          `Your token ends at ${new Date(operator.expiresAt).toISOString()}: the new one has to end by then.`,
        )
      const { token, secret } = await tokens.create({
        label: asked.label,
        scopes: [...new Set(asked.scopes)],
        projectId,
        expiresAt,
        at,
      })
      return json({ ...viewToken(token), secret }, 201)
    },
  )

  endpoints.add(
    {
      method: 'get',
      path: '/v1/tokens',
      tag: 'tokens',
      summary: 'Tokens, without their secrets',
      answer: { schema: schemas.tokens, is: 'The tokens.' },
      errors: [401, 403],
      token: 'required',
    },
    async (c) => {
      const { projectId } = await access.requireAny(c, 'operate')
      const all = await tokens.list()
      return json({ tokens: all.filter((one) => projectId === null || one.projectId === projectId).map(viewToken) })
    },
  )

  endpoints.add(
    {
      method: 'delete',
      path: '/v1/tokens/{id}',
      tag: 'tokens',
      summary: 'Revoke a token',
      answer: { status: 204, is: 'Revoked, from now on.' },
      errors: [401, 403, 404],
      token: 'required',
    },
    async (c) => {
      const operator = await access.requireAny(c, 'operate')
      const id = pathParam(c, 'id')
      const token = (await tokens.list()).find((one) => one.id === id)
      if (token === undefined) throw HttpError.noSuchToken(id)
      access.check(operator, 'operate', token.projectId)
      if (!(await tokens.revoke(id))) throw HttpError.noSuchToken(id)
      return { status: 204, type: 'application/json', body: null }
    },
  )
}
