import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { wat } from '../test/wat.ts'
import { boundModule, MODULE_LIMITS } from './boundModule.ts'
import { Refusal } from './Refusal.ts'

const limits = { ...MODULE_LIMITS, memoryPages: 16 }
const bound = async (source: string) => boundModule(await wat(source), limits)

/** How far a module's exported memory lets itself be grown, in pages. */
const mostPages = (bytes: Uint8Array, imports: object = {}): number => {
  const { memory } = new WebAssembly.Instance(new WebAssembly.Module(bytes), imports).exports
  if (!(memory instanceof WebAssembly.Memory)) throw new TypeError('no memory')
  const grow: (pages: number) => number = Reflect.get(memory, 'grow').bind(memory)
  try {
    for (;;) grow(1)
  } catch {
    return memory.buffer.byteLength / 65_536
  }
}

describe('boundModule', () => {
  it.each([
    ['without a maximum', '(memory (export "memory") 1)', 16],
    ['with a larger maximum', '(memory (export "memory") 1 1000)', 16],
    ['with a smaller maximum', '(memory (export "memory") 1 3)', 3],
    ['that is shared', '(memory (export "memory") 1 1000 shared)', 16],
  ])('lets a memory %s grow to the limit and no further', async (_kind, memory, pages) => {
    const { bytes } = await bound(`(module ${memory})`)
    expect(mostPages(bytes)).toBe(pages)
  })

  it('writes the limit into an imported shared memory, which then links with one of ours', async () => {
    const module = await bound(
      '(module (import "env" "f" (func (param i32))) (import "env" "memory" (memory 2 65536 shared)) (export "memory" (memory 0)))',
    )
    expect(module.memory).toEqual({
      importedAs: { module: 'env', name: 'memory' },
      initial: 2,
      maximum: 16,
      shared: true,
    })
    const memory = new WebAssembly.Memory({ initial: 2, maximum: 16, shared: true })
    expect(mostPages(module.bytes, { env: { memory, f: () => {} } })).toBe(16)
    const larger = new WebAssembly.Memory({ initial: 2, maximum: 17, shared: true })
    expect(() => mostPages(module.bytes, { env: { memory: larger, f: () => {} } })).toThrow(WebAssembly.LinkError)
  })

  it('bounds what a table may grow to', async () => {
    const { bytes } = await bound('(module (table (export "t") 1 externref) (table 2 4000000 funcref))')
    const { t } = new WebAssembly.Instance(new WebAssembly.Module(bytes), {}).exports
    if (!(t instanceof WebAssembly.Table)) throw new TypeError('no table')
    t.grow(MODULE_LIMITS.tableEntries - 1)
    expect(() => t.grow(1)).toThrow(RangeError)
  })

  it('tells the types of imports and exports', async () => {
    const { imports, functions } = await bound(
      `(module (import "a" "b" (func (param i32 externref) (result i64)))
         (func (export "f") (param f64) (result i32 i32) unreachable) (export "again" (func 0)))`,
    )
    expect(imports).toEqual([{ module: 'a', name: 'b', type: { params: ['i32', 'externref'], results: ['i64'] } }])
    expect(functions.get('f')).toEqual({ params: ['f64'], results: ['i32', 'i32'] })
    expect(functions.get('again')).toEqual(imports[0]?.type)
  })

  it.each([
    ['a memory that begins over the limit', '(module (memory 17))', 'limit', /memory limit of 1048576 bytes/],
    ['an imported one', '(module (import "e" "m" (memory 17)))', 'limit', /memory limit/],
    ['two memories', '(module (import "e" "m" (memory 1)) (memory 1))', 'program', /more than one memory/],
    ['a 64-bit memory', '(module (memory i64 1))', 'program', /64-bit/],
    ['an imported table', '(module (import "e" "t" (table 1 funcref)))', 'program', /imports e\.t, a table/],
    ['an imported global', '(module (import "e" "g" (global i32)))', 'program', /imports e\.g, a global/],
    ['a huge table', '(module (table 300000 funcref))', 'limit', /table entries/],
    [
      'functions with too many locals',
      `(module (func (local ${'i32 '.repeat(20_001)})))`,
      'limit',
      /locals in a function/,
    ],
    ['too many imports', `(module ${'(import "e" "f" (func))'.repeat(2_001)})`, 'limit', /imports/],
  ])('refuses %s', async (_what, source, kind, reason) => {
    await expect(bound(source)).rejects.toThrow(
      expect.objectContaining({ kind, message: expect.stringMatching(reason) }),
    )
  })

  it('refuses a declaration of more functions than the limit, without reading that far', () => {
    const bytes = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 3, 5, 0xff, 0xff, 0xff, 0xff, 0x0f)
    expect(() => boundModule(bytes, limits)).toThrow(/functions/)
  })

  it('drops custom sections', async () => {
    const source = await wat('(module (func))')
    const custom = Uint8Array.of(0, 5, 4, 0x6e, 0x61, 0x6d, 0x65)
    const { bytes } = boundModule(Buffer.concat([source, custom]), limits)
    expect(Buffer.compare(bytes, source)).toBe(0)
  })

  it('refuses a second section of a kind, which could declare another memory', async () => {
    const source = await wat('(module (memory 1))')
    expect(() => boundModule(Buffer.concat([source, source.subarray(8)]), limits)).toThrow(/twice or out of order/)
  })

  it('ends in a module or a refusal, whatever it is given', async () => {
    const source = await wat(
      '(module (import "e" "f" (func (param i32))) (memory (export "memory") 1 2) (table 3 funcref) (func (export "g") (local i32 i64)) (data (i32.const 0) "x"))',
    )
    const change = fc.tuple(fc.nat(source.length - 1), fc.nat(255))
    fc.assert(
      fc.property(fc.array(change, { maxLength: 6 }), fc.nat(source.length), (changes, length) => {
        const bytes = Uint8Array.from(source)
        for (const [at, value] of changes) bytes[at] = value
        try {
          boundModule(bytes.subarray(0, length), limits)
        } catch (error) {
          expect(error).toBeInstanceOf(Refusal)
        }
      }),
      { numRuns: 2_000 },
    )
  })
})
