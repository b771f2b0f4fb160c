/** What an error carries beside its message. */
export interface W3bErrorOptions {
  /** What the reader can do about it. */
  readonly hint?: string
  /** HTTP status that the error answers with. Default 500. */
  readonly status?: number
  /** Fields for logs and `--json`; never secrets. */
  readonly meta?: Readonly<Record<string, unknown>>
  readonly cause?: unknown
  /** True where the same call may succeed later without any change. */
  readonly retryable?: boolean
  /** Seconds after which a retry makes sense. */
  readonly retryAfterS?: number
}

/** Base of every error that a user may see: one stable code, a message to act on, metadata and a cause. */
export class W3bError extends Error {
  override readonly name: string = 'W3bError'
  /** Stable and greppable, such as `NONCE_REUSED`. */
  readonly code: string
  readonly hint: string | undefined
  readonly status: number
  readonly meta: Readonly<Record<string, unknown>>
  readonly retryable: boolean
  readonly retryAfterS: number | undefined

  constructor(code: string, message: string, options: W3bErrorOptions = {}) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined)
    this.code = code
    this.hint = options.hint
    this.status = options.status ?? 500
    this.meta = options.meta ?? {}
    this.retryable = options.retryable ?? false
    this.retryAfterS = options.retryAfterS
  }

  /** Follows the causes and returns the first that `matches`, or the innermost when no test is given. */
  walk(matches?: (error: unknown) => boolean): unknown {
    let current: unknown = this
    while (current !== undefined) {
      if (matches?.(current)) return current
      const next: unknown = current instanceof Error ? current.cause : undefined
      if (next === undefined) return matches ? undefined : current
      current = next
    }
    return undefined
  }

  /** What HTTP, the CLI and logs render. Bigints become decimal strings. */
  toJSON(): { code: string; error: string; hint?: string; meta?: Record<string, unknown> } {
    const meta = Object.fromEntries(
      Object.entries(this.meta).map(([key, value]) => [key, typeof value === 'bigint' ? value.toString() : value]),
    )
    return {
      code: this.code,
      error: this.message,
      ...(this.hint === undefined ? {} : { hint: this.hint }),
      ...(Object.keys(meta).length === 0 ? {} : { meta }),
    }
  }
}
