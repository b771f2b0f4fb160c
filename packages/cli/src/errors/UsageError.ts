import { W3bError } from '@w3bstream/protocol'

/** The command was called in a way that it does not have: exit code 2. */
export class UsageError extends W3bError {
  override readonly name = 'UsageError'
  constructor(message: string, hint?: string) {
    super('USAGE', message, { status: 400, ...(hint === undefined ? {} : { hint }) })
  }
}
