import { Refusal } from './Refusal.ts'

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const lossy = new TextDecoder('utf-8', { ignoreBOM: true })

/** A program's memory, read and written at addresses that the program names: every access is checked. */
export class GuestMemory {
  #memory: WebAssembly.Memory | null = null

  attach(memory: unknown): void {
    if (!(memory instanceof WebAssembly.Memory)) throw new Refusal('program', 'the module has no memory')
    this.#memory = memory
  }

  get size(): number {
    return this.#memory?.buffer.byteLength ?? 0
  }

  /** A view of the memory itself, until it next grows. @throws {Refusal} if the range is not inside the memory */
  view(pointer: unknown, length: unknown): Uint8Array {
    const at = address(pointer)
    const count = address(length)
    if (!this.#memory || at + count > this.#memory.buffer.byteLength)
      throw new Refusal('program', `it named ${count} bytes at ${at}, outside its memory`)
    return new Uint8Array(this.#memory.buffer, at, count)
  }

  /** A copy that the program cannot change any more. */
  read(pointer: unknown, length: unknown, most: number): Uint8Array<ArrayBuffer> {
    if (address(length) > most) throw new Refusal('limit', `limit of ${most} bytes for what it hands out`)
    return Uint8Array.from(this.view(pointer, length))
  }

  /** @throws {Refusal} if the bytes are not UTF-8 */
  text(pointer: unknown, length: unknown, most: number): string {
    const bytes = this.read(pointer, length, most)
    try {
      return utf8.decode(bytes)
    } catch {
      throw new Refusal('program', 'it returned a text that is not UTF-8')
    }
  }

  /** For texts that are only shown. */
  note(pointer: unknown, length: unknown): string {
    return lossy.decode(Uint8Array.from(this.view(pointer, Math.min(address(length), 4096))))
  }

  write(pointer: unknown, bytes: Uint8Array): void {
    this.view(pointer, bytes.length).set(bytes)
  }

  word(pointer: unknown): number {
    const bytes = this.view(pointer, 4)
    return new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0, true)
  }

  setWord(pointer: unknown, value: number): void {
    const bytes = this.view(pointer, 4)
    new DataView(bytes.buffer, bytes.byteOffset, 4).setUint32(0, value, true)
  }

  setDouble(pointer: unknown, value: number): void {
    const bytes = this.view(pointer, 8)
    new DataView(bytes.buffer, bytes.byteOffset, 8).setFloat64(0, value, true)
  }

  setLong(pointer: unknown, value: bigint): void {
    const bytes = this.view(pointer, 8)
    new DataView(bytes.buffer, bytes.byteOffset, 8).setBigUint64(0, BigInt.asUintN(64, value), true)
  }
}

/** An i32 as an address: WebAssembly hands it over signed. */
function address(value: unknown): number {
  if (typeof value !== 'number') throw new Refusal('program', 'it named an address that is not a 32-bit number')
  return value >>> 0
}
