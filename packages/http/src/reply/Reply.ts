/** What a handler answers; the application adds the headers that all answers have. */
export interface Reply {
  readonly status: number
  readonly type: string
  readonly body: string | Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array> | null
  readonly headers?: Readonly<Record<string, string>>
}
