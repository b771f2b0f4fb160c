/**
 * A module of 200 KB that keeps within every count and costs V8's baseline compiler half a minute: jump tables over a deep nest of blocks, in a
 * function with many locals, whose state the compiler merges at each jump.
 */
export function compileBomb(): Uint8Array {
  const depth = 900
  const repeats = 50
  const locals = 19_000
  const targets = Array.from({ length: depth }, (_, at) => leb(at)).flat()
  const nest = [
    ...Array.from({ length: depth }, () => [0x02, 0x40]).flat(),
    ...[0x20, 0x00, 0x0e, ...leb(depth - 1), ...targets],
    ...Array.from({ length: depth }, () => 0x0b),
  ]
  const prove = [1, ...leb(locals), 0x7e, ...Array.from({ length: repeats }, () => nest).flat(), 0x00, 0x0b]
  const malloc = [0, 0x41, 0x00, 0x0b]
  const i32 = 0x7f
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
    ...section(1, [2, 0x60, 2, i32, i32, 2, i32, i32, 0x60, 2, i32, i32, 1, i32]),
    ...section(3, [2, 0, 1]),
    ...section(5, [1, 0, 1]),
    ...section(7, [3, ...name('prove'), 0, 0, ...name('__wbindgen_malloc'), 0, 1, ...name('memory'), 2, 0]),
    ...section(10, [2, ...leb(prove.length), ...prove, ...leb(malloc.length), ...malloc]),
  ])
}

const section = (id: number, content: readonly number[]): readonly number[] => [id, ...leb(content.length), ...content]
const name = (text: string): readonly number[] => [text.length, ...Buffer.from(text)]

function leb(value: number): readonly number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...leb(value >>> 7)]
}
