import type { Clock, Credential, Quota, Scope, Token, Tokens } from '@w3bstream/core'
import { type ProjectId, QuotaExceededError } from '@w3bstream/protocol'
import type { Context } from 'hono'
import type { AppQuotas } from '../AppConfig.ts'
import type { AppEnv } from '../AppEnv.ts'
import { checkCredential } from '../credentials/checkCredential.ts'
import { HttpError } from '../errors/HttpError.ts'
import type { CredentialSigner } from '../ports/CredentialSigner.ts'
import { sourceOf } from '../request/sourceOf.ts'
import { addressScope } from './addressScope.ts'

/** Who calls, as far as the `Authorization` header says. */
export type Caller =
  | { readonly type: 'anyone' }
  | { readonly type: 'token'; readonly token: Token }
  /** Holder of a credential that this deployment issued. */
  | { readonly type: 'credential'; readonly id: string }

export interface AccessModules {
  readonly tokens: Tokens
  readonly quota: Quota
  readonly clock: Clock
  readonly credentialSigner?: CredentialSigner
}

export interface AccessOptions {
  readonly quotas: AppQuotas
  readonly trustedProxies: number
}

const ANYONE: Caller = { type: 'anyone' }

/** Says who a caller is, what it may do, and how much of it. */
export class Access {
  readonly #m: AccessModules
  readonly #o: AccessOptions

  constructor(modules: AccessModules, options: AccessOptions) {
    this.#m = modules
    this.#o = options
  }

  /** The caller's address. */
  source(c: Context<AppEnv>): string {
    return sourceOf(c, this.#o.trustedProxies)
  }

  /**
   * Reads `Authorization`, with or without `Bearer `. Nothing there is anyone; what is there and wrong is refused, never ignored.
   * @throws {HttpError} 401 @throws {QuotaExceededError} too many wrong ones from this address
   */
  async caller(c: Context<AppEnv>): Promise<Caller> {
    const header = c.req.header('authorization')
    if (header === undefined || header === '') return ANYONE
    const secret = /^(?:Bearer\s+)?(\S{1,8192})$/i.exec(header)?.[1]
    const caller = secret === undefined ? null : await this.#identify(secret)
    if (caller !== null) return caller
    this.takeAddress(this.source(c), 1)
    throw HttpError.unauthorized('The token is unknown, revoked or over.')
  }

  /** How a message without a signature of its own is sent by this caller. @throws {HttpError} 403 */
  sender(caller: Caller, projectId: ProjectId): Credential {
    switch (caller.type) {
      case 'anyone':
        return { type: 'none' }
      case 'credential':
        return { type: 'token', principal: `credential:${caller.id}` }
      case 'token':
        this.check(caller.token, 'send', projectId)
        return { type: 'token', principal: caller.token.id }
    }
  }

  /** @param projectId what it is about; null: the deployment as a whole. @throws {HttpError} 401, 403 */
  async require(c: Context<AppEnv>, scope: Scope, projectId: ProjectId | null): Promise<Token> {
    const caller = await this.caller(c)
    if (caller.type !== 'token') throw HttpError.unauthorized(`This needs a token with the scope \`${scope}\`.`)
    this.check(caller.token, scope, projectId)
    return caller.token
  }

  /** The token of a caller who may do `scope` to all or some project. @throws {HttpError} 401, 403 */
  async requireAny(c: Context<AppEnv>, scope: Scope): Promise<Token> {
    const caller = await this.caller(c)
    if (caller.type !== 'token') throw HttpError.unauthorized(`This needs a token with the scope \`${scope}\`.`)
    this.check(caller.token, scope, caller.token.projectId)
    return caller.token
  }

  /** Who reads. Whoever shows no token takes one from its address's allotment, as a post does. @throws {HttpError} 401 @throws {QuotaExceededError} */
  async reader(c: Context<AppEnv>): Promise<Caller> {
    const caller = await this.caller(c)
    if (caller.type === 'anyone') this.takeAddress(this.source(c), 1)
    return caller
  }

  /** Whether the caller may see payloads, salts and the like of a project. */
  mayRead(caller: Caller, projectId: ProjectId): boolean {
    return caller.type === 'token' && allows(caller.token, 'read', projectId)
  }

  /** @throws {QuotaExceededError} */
  takeAddress(source: string, messages: number): void {
    const { perAddress } = this.#o.quotas
    if (perAddress === undefined || messages === 0) return
    const waitMs = this.#m.quota.take(`address:${addressScope(source)}`, messages, perAddress)
    if (waitMs > 0) throw new QuotaExceededError({ scope: 'your address', retryAfterMs: waitMs })
  }

  /** @throws {QuotaExceededError} */
  takeCaller(caller: Caller, messages: number): void {
    const { perToken } = this.#o.quotas
    if (perToken === undefined || caller.type === 'anyone') return
    const scope = caller.type === 'token' ? `token:${caller.token.id}` : `credential:${caller.id}`
    const waitMs = this.#m.quota.take(scope, messages, perToken)
    if (waitMs > 0) throw new QuotaExceededError({ scope: 'your token', retryAfterMs: waitMs })
  }

  /** @throws {HttpError} 403 */
  check(token: Token, scope: Scope, projectId: ProjectId | null): void {
    if (!token.scopes.includes(scope)) throw HttpError.forbidden(`The token lacks the scope \`${scope}\`.`)
    if (!allows(token, scope, projectId))
      throw HttpError.forbidden(`The token is for project ${token.projectId} alone.`)
  }

  async #identify(secret: string): Promise<Caller | null> {
    const now = this.#m.clock.now()
    const token = await this.#m.tokens.check(secret, now)
    if (token !== null) return { type: 'token', token }
    const { credentialSigner } = this.#m
    const id = credentialSigner === undefined ? null : await checkCredential(credentialSigner, secret, now)
    return id === null ? null : { type: 'credential', id }
  }
}

const allows = (token: Token, scope: Scope, projectId: ProjectId | null): boolean =>
  token.scopes.includes(scope) && (token.projectId === null || token.projectId === projectId)
