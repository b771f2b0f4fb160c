import { W3bError } from './W3bError.ts'

/** The destination would refuse the result, or the project file describes a call that may not be made. */
export class DestinationRefusedError extends W3bError {
  override readonly name = 'DestinationRefusedError'
  constructor(p: { destination: string; reason: string; cause?: unknown }) {
    super('DESTINATION_REFUSED', `${p.destination} refuses the result: ${p.reason}`, {
      status: 422,
      meta: { destination: p.destination, reason: p.reason },
      ...(p.cause === undefined ? {} : { cause: p.cause }),
    })
  }
}
