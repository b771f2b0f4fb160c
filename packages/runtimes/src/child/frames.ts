/** A frame's two parts: JSON, then bytes that need no encoding. */
export interface Frame {
  readonly header: unknown
  readonly body: Uint8Array
}

/** The most that either side takes for one frame, in bytes. */
export interface FrameLimits {
  readonly headerBytes: number
  readonly bodyBytes: number
}

const PREFIX = 8

/** @returns `u32le header length || u32le body length || header as UTF-8 JSON || body`. */
export function encodeFrame(header: unknown, body: Uint8Array = new Uint8Array()): Buffer {
  const json = Buffer.from(JSON.stringify(header))
  const frame = Buffer.allocUnsafe(PREFIX + json.length + body.length)
  frame.writeUInt32LE(json.length, 0)
  frame.writeUInt32LE(body.length, 4)
  frame.set(json, PREFIX)
  frame.set(body, PREFIX + json.length)
  return frame
}

/** Puts frames together from the chunks that a pipe delivers. What is over the limits is refused before it is kept. */
export class FrameReader {
  readonly #limits: FrameLimits
  #chunks: Uint8Array[] = []
  #length = 0
  #wanted: { readonly header: number; readonly body: number } | null = null

  constructor(limits: FrameLimits) {
    this.#limits = limits
  }

  /** @returns the frames that this chunk completes. @throws {RangeError} over a limit @throws {SyntaxError} if a header is not JSON */
  push(chunk: Uint8Array): Frame[] {
    this.#chunks.push(chunk)
    this.#length += chunk.length
    const frames: Frame[] = []
    for (let frame = this.#next(); frame; frame = this.#next()) frames.push(frame)
    return frames
  }

  #next(): Frame | null {
    if (!this.#wanted) {
      if (this.#length < PREFIX) return null
      const prefix = this.#take(PREFIX)
      this.#wanted = { header: prefix.readUInt32LE(0), body: prefix.readUInt32LE(4) }
      if (this.#wanted.header > this.#limits.headerBytes || this.#wanted.body > this.#limits.bodyBytes)
        throw new RangeError(`a frame of ${this.#wanted.header} + ${this.#wanted.body} bytes is over the limit`)
    }
    const { header, body } = this.#wanted
    if (this.#length < header + body) return null
    const bytes = this.#take(header + body)
    this.#wanted = null
    return { header: JSON.parse(bytes.toString('utf8', 0, header)), body: bytes.subarray(header) }
  }

  #take(count: number): Buffer {
    const all = this.#chunks.length === 1 ? this.#chunks[0] : undefined
    const joined = all ? Buffer.from(all.buffer, all.byteOffset, all.byteLength) : Buffer.concat(this.#chunks)
    this.#length -= count
    this.#chunks = this.#length > 0 ? [joined.subarray(count)] : []
    return joined.subarray(0, count)
  }
}
