import { W3bError } from '@w3bstream/protocol'

/** Another process listens on the port. */
export class AddressInUseError extends W3bError {
  override readonly name = 'AddressInUseError'
  constructor(p: { hostname: string; port: number; cause?: unknown }) {
    super('ADDRESS_IN_USE', `Port ${p.port} on ${p.hostname} is taken by another process.`, {
      hint: 'Stop it, or choose another port with --port.',
      meta: { hostname: p.hostname, port: p.port },
      ...(p.cause === undefined ? {} : { cause: p.cause }),
    })
  }
}
