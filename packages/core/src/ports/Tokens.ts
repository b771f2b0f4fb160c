import type { ProjectId } from '@w3bstream/protocol'

/**
 * What a token may do: `send` messages as its own principal, `read` payloads, salts and blinds, `operate` (replay, cancel, publish).
 */
export type Scope = 'send' | 'read' | 'operate'

/** An API token, without its secret. */
export interface Token {
  /** Public name of the token: `w3b token revoke` takes it. */
  readonly id: string
  readonly label: string
  readonly scopes: readonly Scope[]
  /** Limits the token to one project; null: all. */
  readonly projectId: ProjectId | null
  readonly createdAt: number
  /** Null: never. */
  readonly expiresAt: number | null
}

/** Scoped API tokens; only hashes of their secrets are kept. */
export interface Tokens {
  /** @returns the token and its secret, which is shown this once */
  create(p: {
    readonly label: string
    readonly scopes: readonly Scope[]
    readonly projectId: ProjectId | null
    readonly expiresAt: number | null
    readonly at: number
  }): Promise<{ readonly token: Token; readonly secret: string }>
  /** @returns the token, or null where the secret is unknown, revoked or over at `now` */
  check(secret: string, now: number): Promise<Token | null>
  /** @returns false where there is none */
  revoke(id: string): Promise<boolean>
  list(): Promise<Token[]>
}
