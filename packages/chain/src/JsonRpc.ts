/** One endpoint that speaks JSON-RPC 2.0. */
export interface JsonRpc {
  /** Host and port: an endpoint's path may hold a key, and is never shown. */
  readonly name: string
  /**
   * @throws {RpcError} the endpoint's answer is an error
   * @throws {Error} no answer in time, an answer over the size bound, or none that can be read
   */
  request(method: string, params: readonly unknown[], timeoutMs: number): Promise<unknown>
  close(): void
}
