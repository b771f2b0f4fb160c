import type { RuntimeClient } from '../grpc/RuntimeClient.ts'

/** A server of our protocol, wherever it runs. */
export interface RuntimeEngine {
  /** How errors call it, such as `grpc://prover:4001`; null for this node's own. */
  readonly at: string | null
  /**
   * Another client each time the server is another process.
   * @throws {GrpcFailure} and what `signal` was aborted with
   */
  client(signal: AbortSignal): Promise<RuntimeClient>
}
