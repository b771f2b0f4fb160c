import { W3bError } from '@w3bstream/protocol'

/** Another process (or another `openStore` of this one) works on the data directory. */
export class StoreInUseError extends W3bError {
  override readonly name = 'StoreInUseError'
  constructor(p: { dir: string; cause?: unknown }) {
    super('STORE_IN_USE', `The data directory ${p.dir} is in use by another process.`, {
      status: 503,
      meta: { dir: p.dir },
      hint: 'Stop that process, or name another data directory.',
      ...(p.cause === undefined ? {} : { cause: p.cause }),
    })
  }
}
