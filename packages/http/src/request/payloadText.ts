import { HttpError } from '../errors/HttpError.ts'

const utf8 = new TextEncoder()

/**
 * A payload as it is kept: well-formed, since what is hashed and stored is its UTF-8 (JSON can smuggle in half a surrogate pair).
 * @throws {HttpError} 413
 */
export function payloadText(data: string, maxBytes: number): string {
  // UTF-8 takes at most three bytes a UTF-16 unit: most payloads need not be measured.
  if (data.length * 3 > maxBytes && utf8.encode(data).length > maxBytes) throw HttpError.tooLarge('data', maxBytes)
  return data.isWellFormed() ? data : data.toWellFormed()
}
