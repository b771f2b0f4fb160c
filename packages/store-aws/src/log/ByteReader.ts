/** Reads what {@link ByteWriter} packed. */
export class ByteReader {
  readonly #bytes: Uint8Array
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  /** @throws {RangeError} past the end */
  bytes(length: number): Uint8Array {
    if (this.#at + length > this.#bytes.length) throw new RangeError('packed bytes end too early')
    this.#at += length
    return this.#bytes.subarray(this.#at - length, this.#at)
  }

  /** @throws {RangeError} past the end, or longer than a safe integer */
  varint(): number {
    let value = 0
    for (let scale = 1; scale <= 2 ** 49; scale *= 128) {
      const byte = this.#bytes[this.#at++]
      if (byte === undefined) throw new RangeError('packed bytes end too early')
      value += (byte % 128) * scale
      if (byte < 128) return value
    }
    throw new RangeError('a packed number is too long')
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#bytes.length
  }
}
