import type { Context } from 'hono'
import type { AppEnv } from '../AppEnv.ts'
import { HttpError } from '../errors/HttpError.ts'
import { readBytes } from './readBytes.ts'

/**
 * Reads the body as text, refusing one that says or turns out to be larger than `maxBytes`.
 * @throws {HttpError} 413, or 400 where the connection ended before the body
 */
export async function readBody(c: Context<AppEnv>, maxBytes: number): Promise<string> {
  const length = c.req.header('content-length')
  if (length !== undefined) {
    if (Number(length) > maxBytes) throw HttpError.tooLarge('The body', maxBytes)
    try {
      // The server holds the body to its declared length.
      return await c.req.raw.text()
    } catch {
      throw HttpError.bodyCut()
    }
  }
  return new TextDecoder().decode(await readBytes(c, maxBytes))
}
