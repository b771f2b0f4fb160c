/**
 * How a call ended that brought no answer.
 * - `unreachable`: no connection.
 * - `lost`: the connection or the call ended under it, or the server is leaving.
 * - `late`: no answer by the deadline.
 * - `nonsense`: an answer that is too large, or is none of the protocol's.
 * - `refused`: the server's own status, `code`.
 */
export type GrpcFailureKind = 'unreachable' | 'lost' | 'late' | 'nonsense' | 'refused'

/** Never leaves this package: each runtime says what it means for a task. */
export class GrpcFailure extends Error {
  override readonly name = 'GrpcFailure'
  readonly kind: GrpcFailureKind
  /** gRPC's number for the status. */
  readonly code: number

  constructor(kind: GrpcFailureKind, reason: string, code: number) {
    super(reason)
    this.kind = kind
    this.code = code
  }
}
