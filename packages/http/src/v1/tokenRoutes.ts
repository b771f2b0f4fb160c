import type { AppContext } from '../AppContext.ts'
import type { Endpoints } from '../Endpoints.ts'
import { HttpError } from '../errors/HttpError.ts'
import { json } from '../reply/json.ts'
import { parseBody } from '../request/parseBody.ts'
import { pathParam } from '../request/pathParam.ts'
import { readBody } from '../request/readBody.ts'
import { readNewToken } from './readNewToken.ts'
import { viewToken } from './viewToken.ts'

const TOKEN_BODY = 4096

/** `/v1/tokens`, for operators. Nobody makes a token that may do more, elsewhere or for longer than the maker's own. */
export function tokenRoutes(endpoints: Endpoints, { access, clock, tokens }: AppContext): void {
  endpoints.add({ method: 'post', path: '/v1/tokens' }, async (c) => {
    const operator = await access.requireAny(c, 'operate')
    const at = clock.now()
    const asked = readNewToken(parseBody(await readBody(c, TOKEN_BODY)), at)
    const { projectId, expiresAt } = asked
    access.check(operator, 'operate', projectId)
    const beyond = asked.scopes.filter((scope) => !operator.scopes.includes(scope))
    if (beyond.length > 0) throw HttpError.forbidden(`Your token does not have the scope ${beyond.join(', ')} itself.`)
    if (operator.expiresAt !== null && (expiresAt === null || expiresAt > operator.expiresAt))
      throw HttpError.forbidden(
        `Your token ends at ${new Date(operator.expiresAt).toISOString()}: the new one has to end by then.`,
      )
    const { token, secret } = await tokens.create({
      label: asked.label,
      scopes: asked.scopes,
      projectId,
      expiresAt,
      at,
    })
    return json({ ...viewToken(token), secret }, 201)
  })

  endpoints.add({ method: 'get', path: '/v1/tokens' }, async (c) => {
    const { projectId } = await access.requireAny(c, 'operate')
    const all = await tokens.list()
    return json({ tokens: all.filter((one) => projectId === null || one.projectId === projectId).map(viewToken) })
  })

  endpoints.add({ method: 'delete', path: '/v1/tokens/{id}' }, async (c) => {
    const operator = await access.requireAny(c, 'operate')
    const id = pathParam(c, 'id')
    const token = (await tokens.list()).find((one) => one.id === id)
    if (token === undefined) throw HttpError.noSuchToken(id)
    access.check(operator, 'operate', token.projectId)
    if (!(await tokens.revoke(id))) throw HttpError.noSuchToken(id)
    return { status: 204, type: 'application/json', body: null }
  })
}
