import { W3bError } from '@w3bstream/protocol'

/** A store was written by a newer release, or is not one at all. @param p.path its directory, or its table */
export class StoreFormatError extends W3bError {
  override readonly name = 'StoreFormatError'
  constructor(p: { path: string; found: number; known: number }) {
    super('STORE_FORMAT', `${p.path} has format ${p.found}; this release reads formats up to ${p.known}.`, {
      meta: p,
      hint: 'Run the release that wrote it, or a newer one.',
    })
  }
}
