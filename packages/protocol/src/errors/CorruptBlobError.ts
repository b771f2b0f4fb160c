import { W3bError } from './W3bError.ts'

/** Stored bytes were changed or cut short. */
export class CorruptBlobError extends W3bError {
  override readonly name = 'CorruptBlobError'
  constructor(p: { hash: string }) {
    super('CORRUPT_BLOB', `Stored bytes do not have the hash ${p.hash} they are stored under.`, {
      status: 500,
      meta: p,
      hint: 'Restore them from a backup or another copy.',
    })
  }
}
