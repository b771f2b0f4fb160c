import { ByteReader } from './ByteReader.ts'
import { Refusal } from './Refusal.ts'

/** What a module may declare. Bytes, counts, and pages of 64 KiB. */
export interface ModuleLimits {
  readonly memoryPages: number
  readonly functions: number
  /** Of one function, and of all together: a declaration of 50,000 locals takes three bytes. */
  readonly locals: number
  readonly allLocals: number
  readonly tables: number
  readonly tableEntries: number
  readonly imports: number
  readonly exports: number
  readonly segments: number
}

export const MODULE_LIMITS: Omit<ModuleLimits, 'memoryPages'> = {
  functions: 100_000,
  locals: 20_000,
  allLocals: 5_000_000,
  tables: 16,
  tableEntries: 200_000,
  imports: 2_000,
  exports: 20_000,
  segments: 100_000,
}

export type ValueType = 'i32' | 'i64' | 'f32' | 'f64' | 'v128' | 'funcref' | 'externref'

export interface FunctionType {
  readonly params: readonly ValueType[]
  readonly results: readonly ValueType[]
}

export interface BoundModule {
  /** The module with its memory and table maxima rewritten, without custom sections. */
  readonly bytes: Uint8Array
  readonly memory: {
    readonly importedAs: { readonly module: string; readonly name: string } | null
    readonly initial: number
    readonly maximum: number
    readonly shared: boolean
  } | null
  readonly imports: readonly { readonly module: string; readonly name: string; readonly type: FunctionType }[]
  readonly functions: ReadonlyMap<string, FunctionType>
}

const SECTION = { type: 1, import: 2, function: 3, table: 4, memory: 5, export: 7, code: 10, data: 11, last: 13 }
const ELEMENT = 9
const PAGE = 65_536

/**
 * Checks a module's declarations before anything compiles it, and writes the job's limits into it: V8 then enforces them itself.
 *
 * Takes the MVP with its later additions up to threads, SIMD, reference types and exceptions; refuses what would get around a limit or is of no
 * use to a program here: 64-bit and several memories, garbage-collected types, imports other than functions and one memory.
 * @see https://webassembly.github.io/spec/core/binary/modules.html
 * @throws {Refusal}
 */
export function boundModule(bytes: Uint8Array, limits: ModuleLimits): BoundModule {
  const reader = new ByteReader(bytes)
  if (bytes.length < 8 || !MAGIC.every((byte) => reader.byte() === byte))
    throw new Refusal('program', 'the code is not a WebAssembly module (version 1)')

  const out: Uint8Array[] = [Uint8Array.from(MAGIC)]
  const types: FunctionType[] = []
  const functionTypes: number[] = []
  const imports: BoundModule['imports'][number][] = []
  const functions = new Map<string, FunctionType>()
  let memory: BoundModule['memory'] = null
  let lastOrder = 0

  const typeOf = (index: number | undefined): FunctionType => {
    const type = index === undefined ? undefined : types[index]
    if (!type) throw new Refusal('program', 'the WebAssembly module names a function type that it does not have')
    return type
  }
  const oneMemory = (declared: NonNullable<BoundModule['memory']>): void => {
    if (memory) throw new Refusal('program', 'the WebAssembly module has more than one memory')
    memory = declared
  }

  while (!reader.done) {
    const id = reader.byte()
    const section = reader.part(reader.u32())
    if (id === 0) continue
    if (id > SECTION.last) throw new Refusal('program', `the WebAssembly module has a section of unknown kind ${id}`)
    const order = ORDER.indexOf(id)
    if (order < lastOrder) throw new Refusal('program', 'the WebAssembly module has its sections twice or out of order')
    lastOrder = order + 1

    const content = section.rest()
    switch (id) {
      case SECTION.type:
        for (let count = section.u32(); count > 0; count--) types.push(functionType(section))
        break
      case SECTION.import: {
        const count = within('imports', section.u32(), limits.imports)
        const written: Uint8Array[] = [leb(count)]
        for (let index = 0; index < count; index++) {
          const from = section.at
          const module = section.name()
          const name = section.name()
          const kind = section.byte()
          if (kind === 0) {
            const type = section.u32()
            imports.push({ module, name, type: typeOf(type) })
            functionTypes.push(type)
            written.push(bytes.subarray(from, section.at))
          } else if (kind === 2) {
            written.push(bytes.subarray(from, section.at))
            const declared = memoryType(section, limits)
            oneMemory({ ...declared, importedAs: { module, name } })
            written.push(encodeLimits(declared))
          } else {
            throw new Refusal(
              'program',
              `the module imports ${module}.${name}, a ${['', 'table', '', 'global', 'tag'][kind] ?? 'thing'} that is not offered here`,
            )
          }
        }
        out.push(encodeSection(id, written))
        continue
      }
      case SECTION.function:
        for (let count = within('functions', section.u32(), limits.functions); count > 0; count--)
          functionTypes.push(section.u32())
        break
      case SECTION.table: {
        const count = within('tables', section.u32(), limits.tables)
        const written: Uint8Array[] = [leb(count)]
        for (let index = 0; index < count; index++) {
          const type = section.byte()
          if (type !== 0x70 && type !== 0x6f)
            throw new Refusal('program', 'the WebAssembly module has a table of a kind that is not taken here')
          const { initial, maximum } = limitsOf(section, 0)
          within('table entries', initial, limits.tableEntries)
          written.push(Uint8Array.of(type))
          written.push(
            encodeLimits({
              initial,
              maximum: Math.min(maximum ?? limits.tableEntries, limits.tableEntries),
              shared: false,
            }),
          )
        }
        out.push(encodeSection(id, written))
        continue
      }
      case SECTION.memory: {
        const count = section.u32()
        if (count > 1) throw new Refusal('program', 'the WebAssembly module has more than one memory')
        if (count === 0) continue
        const declared = memoryType(section, limits)
        oneMemory({ ...declared, importedAs: null })
        out.push(encodeSection(id, [leb(1), encodeLimits(declared)]))
        continue
      }
      case SECTION.export:
        for (let count = within('exports', section.u32(), limits.exports); count > 0; count--) {
          const name = section.name()
          const kind = section.byte()
          const index = section.u32()
          if (kind === 0) functions.set(name, typeOf(functionTypes[index]))
        }
        break
      case SECTION.code: {
        let all = 0
        for (let count = within('functions', section.u32(), limits.functions); count > 0; count--) {
          const body = section.part(section.u32())
          let locals = 0
          for (let groups = body.u32(); groups > 0; groups--) {
            locals += body.u32()
            within('locals in a function', locals, limits.locals)
            valueType(body)
          }
          all += locals
          within('locals', all, limits.allLocals)
        }
        break
      }
      case ELEMENT:
      case SECTION.data:
        within('segments', section.u32(), limits.segments)
        break
    }
    out.push(encodeSection(id, [content]))
  }
  return { bytes: Buffer.concat(out), memory, imports, functions }
}

const MAGIC = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00]
/** Section ids in the order in which a module has them: tags (13) stand after memories, the data count (12) before the code. */
const ORDER = [1, 2, 3, 4, 5, 13, 6, 7, 8, 9, 12, 10, 11]

function within(what: string, count: number, most: number): number {
  if (count > most) throw new Refusal('limit', `limit of ${most} ${what} in a module`)
  return count
}

function functionType(reader: ByteReader): FunctionType {
  if (reader.byte() !== 0x60)
    throw new Refusal('program', 'the WebAssembly module uses garbage-collected types, which are not taken here')
  const list = (): ValueType[] =>
    Array.from({ length: within('values in a function type', reader.u32(), 1_000) }, () => valueType(reader))
  return { params: list(), results: list() }
}

function valueType(reader: ByteReader): ValueType {
  const type = VALUE_TYPES.get(reader.byte())
  if (!type) throw new Refusal('program', 'the WebAssembly module uses a value type that is not taken here')
  return type
}

const VALUE_TYPES = new Map<number, ValueType>([
  [0x7f, 'i32'],
  [0x7e, 'i64'],
  [0x7d, 'f32'],
  [0x7c, 'f64'],
  [0x7b, 'v128'],
  [0x70, 'funcref'],
  [0x6f, 'externref'],
])

interface Limits {
  readonly initial: number
  readonly maximum: number
  readonly shared: boolean
}

function limitsOf(
  reader: ByteReader,
  allowedFlags: number,
): { initial: number; maximum: number | null; flags: number } {
  const flags = reader.byte()
  if ((flags & ~(1 | allowedFlags)) !== 0)
    throw new Refusal('program', 'the WebAssembly module has a 64-bit memory or table, which is not taken here')
  const initial = reader.u32()
  return { initial, maximum: (flags & 1) === 1 ? reader.u32() : null, flags }
}

function memoryType(reader: ByteReader, limits: ModuleLimits): Limits {
  const { initial, maximum, flags } = limitsOf(reader, 2)
  if (initial > limits.memoryPages)
    throw new Refusal(
      'limit',
      `memory limit of ${limits.memoryPages * PAGE} bytes: the module declares ${initial * PAGE} to begin with`,
    )
  return { initial, maximum: Math.min(maximum ?? limits.memoryPages, limits.memoryPages), shared: (flags & 2) === 2 }
}

function encodeLimits({ initial, maximum, shared }: Limits): Uint8Array {
  return Buffer.concat([Uint8Array.of(shared ? 3 : 1), leb(initial), leb(maximum)])
}

function encodeSection(id: number, parts: readonly Uint8Array[]): Uint8Array {
  const length = parts.reduce((sum, part) => sum + part.length, 0)
  return Buffer.concat([Uint8Array.of(id), leb(length), ...parts])
}

function leb(value: number): Uint8Array {
  const out: number[] = []
  let rest = value
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) out.push((rest % 0x80) | 0x80)
  out.push(rest)
  return Uint8Array.from(out)
}
