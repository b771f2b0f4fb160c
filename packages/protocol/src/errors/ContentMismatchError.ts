import { W3bError } from './W3bError.ts'

/** Fetched bytes do not have the registered hash. */
export class ContentMismatchError extends W3bError {
  override readonly name = 'ContentMismatchError'
  constructor(p: { uri: string; expected: string; actual: string }) {
    super('CONTENT_MISMATCH', `The content of ${p.uri} has sha-256 ${p.actual}, but ${p.expected} is registered.`, {
      status: 422,
      meta: p,
      hint: 'Publish the file that was registered, or register the hash of this one.',
    })
  }
}
