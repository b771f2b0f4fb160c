import type { Context } from 'hono'
import type { AppEnv } from '../AppEnv.ts'
import { HttpError } from '../errors/HttpError.ts'

/**
 * Reads the body, refusing one that says or turns out to be larger than `maxBytes`.
 * @throws {HttpError} 413, or 400 where the connection ended before the body
 */
export async function readBytes(c: Context<AppEnv>, maxBytes: number): Promise<Uint8Array> {
  if (Number(c.req.header('content-length') ?? 0) > maxBytes) throw HttpError.tooLarge('The body', maxBytes)
  const { body } = c.req.raw
  if (body === null) return new Uint8Array()
  const chunks: Uint8Array[] = []
  let size = 0
  const reader = body.getReader()
  for (;;) {
    const { done, value } = await reader.read().catch(() => {
      throw HttpError.bodyCut()
    })
    if (done) break
    size += value.length
    if (size > maxBytes) {
      await reader.cancel()
      throw HttpError.tooLarge('The body', maxBytes)
    }
    chunks.push(value)
  }
  const all = new Uint8Array(size)
  let at = 0
  for (const chunk of chunks) {
    all.set(chunk, at)
    at += chunk.length
  }
  return all
}
