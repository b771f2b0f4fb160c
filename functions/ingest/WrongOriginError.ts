import { W3bError } from '@w3bstream/protocol'

/** A request that did not come through the deployment's public address. */
export class WrongOriginError extends W3bError {
  override readonly name = 'WrongOriginError'
  constructor() {
    super('WRONG_ORIGIN', "This is not the deployment's public address.", {
      status: 403,
      hint: "Use the address that the deployment's outputs name. Its operator can open this one, too: `direct` in w3b.config.ts.",
    })
  }
}
