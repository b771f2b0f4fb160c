import { W3bError } from '@w3bstream/protocol'

/** A request that does not get as far as W3bstream itself: its path, method, size, token or form. */
export class HttpError extends W3bError {
  override readonly name = 'HttpError'
  /** Headers that belong to the answer, such as `Allow`. */
  readonly headers: Readonly<Record<string, string>>

  private constructor(
    code: string,
    message: string,
    p: { status: number; hint?: string; retryAfterS?: number; headers?: Readonly<Record<string, string>> },
  ) {
    super(code, message, {
      status: p.status,
      ...(p.hint === undefined ? {} : { hint: p.hint }),
      ...(p.retryAfterS === undefined ? {} : { retryable: true, retryAfterS: p.retryAfterS }),
    })
    this.headers = p.headers ?? {}
  }

  /** No route has this path. */
  static noSuchPath(path: string): HttpError {
    return new HttpError('NO_SUCH_PATH', `There is nothing at ${path.slice(0, 200)}.`, {
      status: 404,
      hint: 'GET /openapi.json lists what there is.',
    })
  }

  /** The path exists, the method does not. */
  static methodNotAllowed(method: string, allow: readonly string[]): HttpError {
    return new HttpError('METHOD_NOT_ALLOWED', `${method.slice(0, 20)} is not possible here.`, {
      status: 405,
      hint: `Use ${allow.join(' or ')}.`,
      headers: { allow: allow.join(', ') },
    })
  }

  /** A body, or a field in it, is larger than what is taken. */
  static tooLarge(what: string, maxBytes: number): HttpError {
    return new HttpError('TOO_LARGE', `${what} is too large: at most ${maxBytes} bytes are taken.`, { status: 413 })
  }

  /** A list with more members than are taken. */
  static tooMany(what: string, max: number): HttpError {
    return new HttpError('TOO_LARGE', `There are too many ${what}: at most ${max} are taken.`, { status: 413 })
  }

  /** A body that is not JSON. The parser's words are left out: they quote the body. */
  static notJson(what = 'The body'): HttpError {
    return new HttpError('NOT_JSON', `${what} is not a JSON object.`, { status: 400 })
  }

  /** A token is missing, unknown, revoked or over. */
  static unauthorized(reason: string): HttpError {
    return new HttpError('UNAUTHORIZED', reason, {
      status: 401,
      hint: 'Send a token as `Authorization: Bearer <token>`; `w3b token create` makes one.',
      headers: { 'www-authenticate': 'Bearer' },
    })
  }

  /** The token is good, but not for this. */
  static forbidden(reason: string): HttpError {
    return new HttpError('FORBIDDEN', reason, { status: 403 })
  }

  /** What is asked for comes into being later. */
  static notYet(what: string, when: string): HttpError {
    return new HttpError('NOT_YET', `${what} does not exist yet.`, { status: 404, hint: when, retryAfterS: 1 })
  }

  /** More is in flight than this process may hold. */
  static overloaded(what: string): HttpError {
    return new HttpError('OVERLOADED', `Too many ${what} at once.`, { status: 503, retryAfterS: 1 })
  }

  /** This deployment lacks the part that would answer. */
  static notConfigured(what: string, hint: string): HttpError {
    return new HttpError('NOT_CONFIGURED', `${what} is not configured here.`, { status: 501, hint })
  }

  /** The body stopped before its end. */
  static bodyCut(): HttpError {
    return new HttpError('BODY_CUT', 'The body ended too early.', { status: 400 })
  }

  /** No token has this id. */
  static noSuchToken(id: string): HttpError {
    return new HttpError('TOKEN_NOT_FOUND', `Token ${id.slice(0, 100)} does not exist.`, { status: 404 })
  }
}
