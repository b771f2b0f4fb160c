/** Where the log lies. */
export interface LogOptions {
  /** Name of the table of messages, which has a stream. */
  readonly messagesTable: string
  /** Name of the table of everything else. */
  readonly stateTable: string
  /** Bucket of large payloads and of batches, under `batches/`. */
  readonly bucket: string
}
