import type { Hex } from '@w3bstream/protocol'

/** A chain endpoint's own answer that a call failed: the endpoint is well, the call is not. */
export class RpcError extends Error {
  override readonly name = 'RpcError'
  readonly code: number
  /** What a reverted call returned; null where the endpoint does not say. */
  readonly data: Hex | null

  constructor(code: number, message: string, data: Hex | null) {
    super(message)
    this.code = code
    this.data = data
  }

  /** Whether the call ran and reverted, as opposed to not having been run. */
  get reverted(): boolean {
    return this.code === 3 || this.data !== null || /revert/i.test(this.message)
  }
}
