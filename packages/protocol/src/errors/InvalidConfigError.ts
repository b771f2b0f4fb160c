import { W3bError } from './W3bError.ts'

/** A deployment's configuration that cannot be used. Values are not shown: an endpoint's URL may hold a key. */
export class InvalidConfigError extends W3bError {
  override readonly name = 'InvalidConfigError'
  constructor(p: { problems: readonly string[] }) {
    super('INVALID_CONFIG', `The configuration is not valid: ${p.problems.join('; ')}.`, { status: 500, meta: p })
  }
}
