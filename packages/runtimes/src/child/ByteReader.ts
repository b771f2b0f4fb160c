import { Refusal } from './Refusal.ts'

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Reads WebAssembly's binary format. Whatever runs over the end is refused. */
export class ByteReader {
  readonly bytes: Uint8Array
  readonly end: number
  at: number

  constructor(bytes: Uint8Array, at = 0, end = bytes.length) {
    this.bytes = bytes
    this.at = at
    this.end = end
  }

  get done(): boolean {
    return this.at >= this.end
  }

  byte(): number {
    const value = this.at < this.end ? this.bytes[this.at] : undefined
    if (value === undefined) throw new Refusal('program', 'the WebAssembly module ends in the middle of a section')
    this.at++
    return value
  }

  /** An unsigned LEB128 number below 2^32. */
  u32(): number {
    let value = 0
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.byte()
      value += (byte & 0x7f) * 2 ** shift
      if (byte < 0x80) {
        if (value >= 2 ** 32) break
        return value
      }
    }
    throw new Refusal('program', 'the WebAssembly module has a number of more than 32 bits')
  }

  /** A part of its own: the next `count` bytes. */
  part(count: number): ByteReader {
    if (count > this.end - this.at)
      throw new Refusal('program', 'the WebAssembly module ends in the middle of a section')
    const part = new ByteReader(this.bytes, this.at, this.at + count)
    this.at += count
    return part
  }

  name(): string {
    const part = this.part(this.u32())
    try {
      return utf8.decode(part.rest())
    } catch {
      throw new Refusal('program', 'the WebAssembly module has a name that is not UTF-8')
    }
  }

  rest(): Uint8Array {
    return this.bytes.subarray(this.at, this.end)
  }
}
