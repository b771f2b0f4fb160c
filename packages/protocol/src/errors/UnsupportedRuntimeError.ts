import { W3bError } from './W3bError.ts'

/** The node has no runtime of that kind. */
export class UnsupportedRuntimeError extends W3bError {
  override readonly name = 'UnsupportedRuntimeError'
  constructor(p: { runtime: string; reason: string }) {
    super('UNSUPPORTED_RUNTIME', `This node cannot run ${p.runtime}: ${p.reason}`, { status: 422, meta: p })
  }
}
