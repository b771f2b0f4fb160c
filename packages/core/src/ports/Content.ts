/** Bytes of a config or key, wherever they are published. */
export interface Content {
  /**
   * @param uri `ipfs://<host>/<cid>`, a bare CID, `http(s)://…` or `file:<project id>` of a local project directory
   * @throws {ContentUnavailableError} not found, too large, too slow, or refused
   */
  fetch(uri: string, limit: { readonly maxBytes: number; readonly timeoutMs: number }): Promise<Uint8Array>
  /** Publishes bytes. @returns their uri */
  publish(bytes: Uint8Array): Promise<string>
}
