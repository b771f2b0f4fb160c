import type { Caller } from './Caller.ts'

/** A server-sent event. */
export interface SeenEvent {
  readonly id: string
  readonly event: string
  readonly data: Readonly<Record<string, unknown>>
}

/** Reads a stream of server-sent events as a client would. */
export class EventReader {
  readonly response: Response
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>
  readonly #utf8 = new TextDecoder()
  #text = ''
  #over = false

  private constructor(response: Response) {
    if (response.body === null) throw new Error(`an answer ${response.status} without a body`)
    this.response = response
    this.#reader = response.body.getReader()
  }

  static async open(
    caller: Pick<Caller, 'open'>,
    path: string,
    headers: Record<string, string> = {},
  ): Promise<EventReader> {
    return new EventReader(await caller.open(path, { headers }))
  }

  get text(): string {
    return this.#text
  }

  get events(): SeenEvent[] {
    return [...this.#text.matchAll(/id: (.*)\nevent: (.*)\ndata: (.*)\n\n/g)].map(
      ([, id = '', event = '', data = '']) => ({ id, event, data: JSON.parse(data) }),
    )
  }

  /** Resolves when what was read so far satisfies. */
  async until(done: (reader: EventReader) => boolean): Promise<void> {
    while (!done(this)) {
      if (this.#over) throw new Error(`the stream ended after: ${this.#text}`)
      await this.#more()
    }
  }

  /** Reads to the end. */
  async end(): Promise<void> {
    while (!this.#over) await this.#more()
  }

  /** Leaves before the end. */
  async leave(): Promise<void> {
    await this.#reader.cancel()
  }

  async #more(): Promise<void> {
    const { done, value } = await this.#reader.read()
    if (done) this.#over = true
    else this.#text += this.#utf8.decode(value, { stream: true })
  }
}
