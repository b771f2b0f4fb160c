import { randomFillSync } from 'node:crypto'
import type { FunctionType, ValueType } from './boundModule.ts'
import { GuestMemory } from './GuestMemory.ts'
import { bytesOf, describe, type HostValue, hostObject, hostValue, isObject, textOf } from './hostValues.ts'
import type { ProgramLog } from './ProgramLog.ts'
import { ProgramThrow } from './ProgramThrow.ts'
import { Refusal } from './Refusal.ts'

/** What an import needs to know of its module. */
export interface ImportShape {
  readonly name: string
  readonly type: FunctionType
  /** Names of the functions that the module imports, without hashes. */
  readonly siblings: ReadonlySet<string>
}

/**
 * One instance's host side of wasm-bindgen's conventions: values live in an `externref` table where the module has one, and in a heap of slots, as
 * builds before reference types use it, where not.
 * @see https://wasm-bindgen.github.io/wasm-bindgen/contributing/design/index.html
 */
export class BindgenHost {
  readonly memory = new GuestMemory()
  readonly #log: ProgramLog
  #slots: HostValue[] = []
  #free: number[] = []
  #table: WebAssembly.Table | null = null
  #exports: Readonly<Record<string, unknown>> = {}
  #malloc: ((size: number, align: number) => unknown) | null = null

  constructor(log: ProgramLog) {
    this.#log = log
    // Modules compile in where these four lie: at 32 in older builds, at 128 in later ones.
    this.#slots = Array.from({ length: FIRST_FREE_SLOT }, () => undefined)
    for (const base of [32, 128]) for (const [at, value] of STATICS.entries()) this.#slots[base + at] = value
  }

  /** Called once, before anything of the module runs except its start function. */
  attach(exports: Readonly<Record<string, unknown>>, malloc: ((size: number, align: number) => unknown) | null): void {
    this.#exports = exports
    this.#malloc = malloc
    const tables = Object.entries(exports).filter(([, value]) => value instanceof WebAssembly.Table)
    const named =
      tables.find(([name]) => name === '__wbindgen_externrefs') ?? tables.find(([name]) => EXPORT.test(name))
    this.#table = named && named[1] instanceof WebAssembly.Table ? named[1] : null
  }

  /** Puts bytes where the module allocates them. @returns their address */
  pass(bytes: Uint8Array): number {
    if (!this.#malloc) throw new Refusal('program', 'the module does not export __wbindgen_malloc')
    const pointer = this.#malloc(bytes.length, 1)
    if (typeof pointer !== 'number') throw new Refusal('program', '__wbindgen_malloc returned no address')
    this.memory.write(pointer, bytes)
    return pointer >>> 0
  }

  /** @returns the import's function, or null where nothing of that name is offered */
  resolve(shape: ImportShape): ((...args: readonly unknown[]) => unknown) | null {
    const operation = this.#operation(shape)
    if (!operation) return null
    const { type } = shape
    return (...args) => {
      try {
        const result = operation(new Arguments(this, args, type.params))
        return type.results[0] ? this.give(result, type.results[0]) : undefined
      } catch (error) {
        if (!(error instanceof ProgramThrow) || !CATCHING.has(shape.name)) throw error
        const store = this.#exports.__wbindgen_exn_store
        if (typeof store !== 'function') throw error
        store(this.index(hostObject({ kind: 'error', message: error.message })))
        return type.results[0] === 'i64' ? 0n : 0
      }
    }
  }

  /** The value that an argument stands for. */
  value(raw: unknown, type: ValueType | undefined): HostValue {
    if (type !== 'i32') return hostValue(raw)
    const index = typeof raw === 'number' ? raw >>> 0 : 0
    if (!this.#table) return this.#slots[index]
    return index < this.#table.length ? hostValue(this.#table.get(index)) : undefined
  }

  /** A result as its type wants it. An absent value in a slot is 0: the convention for optional results, and slot 0 holds undefined. */
  give(value: unknown, type: ValueType): unknown {
    switch (type) {
      case 'externref':
        return value
      case 'i32':
        if (typeof value === 'boolean') return value ? 1 : 0
        if (typeof value === 'number') return value
        return value === undefined || value === null ? 0 : this.index(hostValue(value))
      case 'i64':
        return typeof value === 'bigint' ? value : 0n
      default:
        return typeof value === 'number' ? value : 0
    }
  }

  /** Stores a value for the module. @returns its slot */
  index(value: HostValue): number {
    if (this.#table) {
      const alloc = this.#exports.__externref_table_alloc ?? this.#exports.__externref_table_alloc_command_export
      const index: unknown = typeof alloc === 'function' ? alloc() : this.#table.grow(1)
      if (typeof index !== 'number' || index < 0 || index >= this.#table.length)
        throw new Refusal('program', 'its table of references is full')
      this.#table.set(index, value)
      return index
    }
    const index = this.#free.pop() ?? this.#slots.length
    if (index >= MOST_SLOTS) throw new Refusal('limit', `limit of ${MOST_SLOTS} host values`)
    this.#slots[index] = value
    return index
  }

  drop(index: number): void {
    if (index < FIRST_FREE_SLOT || index >= this.#slots.length || this.#free.length >= MOST_SLOTS) return
    this.#slots[index] = undefined
    this.#free.push(index)
  }

  initExternrefTable(): void {
    const table = this.#table
    if (!table) throw new Refusal('program', 'the module exports no __wbindgen_externrefs table')
    const first = table.grow(STATICS.length)
    table.set(0, undefined)
    for (const [at, value] of STATICS.entries()) table.set(first + at, value)
  }

  /** A text as a module takes it from an import: address and length at `pointer`. */
  returnText(pointer: number, text: string | null): void {
    const bytes = text === null ? null : Buffer.from(text)
    this.memory.setWord(pointer, bytes ? this.pass(bytes) : 0)
    this.memory.setWord(pointer + 4, bytes?.length ?? 0)
  }

  #operation({ name, type, siblings }: ImportShape): Operation | null {
    const arity = type.params.length
    switch (name) {
      case '__wbindgen_object_drop_ref':
        return (a) => this.drop(a.number(0))
      case '__wbindgen_object_clone_ref':
        return (a) => this.index(a.value(0))
      case '__wbindgen_init_externref_table':
        return () => this.initExternrefTable()
      case '__wbindgen_string_new':
      case '__wbindgen_string_from_utf8_lossy':
        return (a) => this.memory.note(a.number(0), a.number(1))
      case '__wbindgen_error_new':
        return (a) => hostObject({ kind: 'error', message: this.memory.note(a.number(0), a.number(1)) })
      case '__wbindgen_number_new':
        return (a) => this.#boxed(hostValue(a.raw(0)), type)
      case '__wbindgen_cast':
      case '__wbindgen_generic':
        // Which conversion it is stands in the glue alone, which is not here; the types leave few.
        return arity === 2
          ? (a) => this.#slice(a.number(0), a.number(1))
          : (a) => this.#boxed(type.params[0] === 'externref' ? a.value(0) : hostValue(a.raw(0)), type)
      case '__wbindgen_throw':
        return (a) => {
          throw new ProgramThrow(this.memory.note(a.number(0), a.number(1)))
        }
      case '__wbindgen_rethrow':
        return (a) => {
          throw new ProgramThrow(describe(a.value(0)))
        }
      case '__wbindgen_memory':
        return () => hostObject({ kind: 'memory' })
      case '__wbindgen_is_undefined':
        return (a) => a.value(0) === undefined
      case '__wbindgen_is_null':
        return (a) => a.value(0) === null
      case '__wbindgen_is_object':
        return (a) => isObject(a.value(0))
      case '__wbindgen_is_function':
        return (a) => a.isKind(0, 'function')
      case '__wbindgen_is_string':
        return (a) => textOf(a.value(0)) !== null
      case '__wbindgen_is_falsy':
        return (a) => !a.value(0)
      case '__wbindgen_jsval_eq':
      case '__wbindgen_jsval_loose_eq':
        return (a) => a.value(0) === a.value(1)
      case '__wbindgen_boolean_get':
        // 2 in older builds, 0xffffff in later ones: neither 0 nor 1 means no boolean.
        return (a) => (typeof a.value(0) === 'boolean' ? (a.value(0) ? 1 : 0) : 0xffffff)
      case '__wbindgen_number_get':
        return (a) => {
          const value = a.value(1)
          this.memory.setDouble(a.number(0) + 8, typeof value === 'number' ? value : 0)
          this.memory.setWord(a.number(0), typeof value === 'number' ? 1 : 0)
        }
      case '__wbindgen_string_get':
        return (a) => this.returnText(a.number(0), textOf(a.value(1)))
      case '__wbindgen_debug_string':
        return (a) => this.returnText(a.number(0), describe(a.value(1)))
      case '__wbindgen_cb_drop':
        return () => 1

      case 'self':
      case 'window':
      case 'globalThis':
      case 'global':
      case 'static_accessor_GLOBAL':
      case 'static_accessor_GLOBAL_THIS':
      case 'static_accessor_SELF':
      case 'static_accessor_WINDOW':
        return () => hostObject({ kind: 'global' })
      case 'newnoargs':
      case 'new_no_args': {
        // The only text that js-sys hands over. It is compared, never evaluated.
        return (a) => {
          const text = this.memory.note(a.number(0), a.number(1))
          return hostObject({
            kind: 'function',
            result: text === 'return this' ? hostObject({ kind: 'global' }) : undefined,
          })
        }
      }
      case 'call':
        return (a) => {
          const called = a.object(0)
          if (arity !== 2 || called?.kind !== 'function' || called.result === undefined)
            throw new ProgramThrow('there is nothing to call here')
          return called.result
        }
      case 'crypto':
        return (a) => (a.isKind(0, 'global') ? hostObject({ kind: 'crypto' }) : undefined)
      // A module that finds no process takes the way of browsers, through `crypto`.
      case 'msCrypto':
      case 'process':
      case 'versions':
      case 'node':
      case 'static_accessor_MODULE':
      case 'static_accessor_NODE_MODULE':
        return () => undefined
      case 'require':
        return () => {
          throw new ProgramThrow('there is no require here')
        }
      case 'randomFillSync':
      case 'getRandomValues':
        return this.#random(type, siblings)
      case 'now':
        return arity === 0 ? () => Date.now() : null

      case 'new':
        if (arity === 0) return () => hostObject({ kind: 'error', message: '' })
        return (a) => (a.isKind(0, 'memory') ? this.#bytes(0, null) : this.#copied(bytesOf(a.value(0))))
      case 'stack':
        return (a) => this.returnText(a.number(0), '')
      case 'buffer':
        return () => hostObject({ kind: 'memory' })
      case 'newwithbyteoffsetandlength':
      case 'new_with_byte_offset_and_length':
        return (a) => this.#bytes(a.number(1), a.number(2))
      case 'newwithlength':
      case 'new_with_length':
        return (a) => {
          const length = a.number(0) >>> 0
          if (length > MOST_BYTES) throw new Refusal('limit', `limit of ${MOST_BYTES} bytes for a host array`)
          return this.#copied(new Uint8Array(length))
        }
      case 'length':
        return (a) => bytesOf(a.value(0))?.length ?? 0
      case 'subarray':
        return (a) => {
          const [whole, from, to] = [a.value(0), a.number(1) >>> 0, a.number(2) >>> 0]
          return hostObject({ kind: 'bytes', bytes: () => (bytesOf(whole) ?? EMPTY).subarray(from, to) })
        }
      case 'set':
        return (a) => copy(bytesOf(a.value(1)), bytesOf(a.value(0)), a.number(2) >>> 0)
      case 'prototypesetcall':
        return (a) => copy(bytesOf(a.value(2)), this.memory.view(a.number(0), a.number(1)), 0)

      case 'error':
      case 'warn':
      case 'log':
      case 'info':
      case 'debug':
        return arity === 2 && type.params.every((param) => param === 'i32')
          ? (a) => this.#log.add(this.memory.note(a.number(0), a.number(1)))
          : (a) => this.#log.add(describe(a.value(0)))
      default:
        return null
    }
  }

  /**
   * getrandom's forms over the years: (array), (crypto, array), (crypto, address, length), (address, length), and a one-value form with a result,
   * which only asks whether the function is there.
   */
  #random({ params, results }: FunctionType, siblings: ReadonlySet<string>): Operation {
    if (results.length > 0) return () => hostObject({ kind: 'function', result: undefined })
    const inMemory = params.length === 3 || (params.length === 2 && params[0] === 'i32' && !siblings.has('crypto'))
    const last = params.length - 1
    return (a) => {
      const target = inMemory ? this.memory.view(a.number(last - 1), a.number(last)) : bytesOf(a.value(last))
      if (!target) throw new ProgramThrow('getRandomValues wants a byte array')
      if (target.length > MOST_BYTES) throw new Refusal('limit', `limit of ${MOST_BYTES} random bytes at once`)
      // Random bytes cannot be written straight into a shared memory.
      target.set(randomFillSync(new Uint8Array(target.length)))
    }
  }

  /** A number as a value of the module's: in a slot, a plain one would be read as the slot's index. */
  #boxed(value: HostValue, { results }: FunctionType): HostValue {
    return results[0] === 'i32' ? this.index(value) : value
  }

  #slice(pointer: number, length: number): HostValue {
    const bytes = (): Uint8Array => this.memory.view(pointer, length)
    return hostObject({ kind: 'slice', bytes, copy: this.memory.read(pointer, length, MOST_BYTES) })
  }

  #bytes(pointer: number, length: number | null): HostValue {
    return hostObject({
      kind: 'bytes',
      bytes: () => this.memory.view(pointer, length ?? this.memory.size - (pointer >>> 0)),
    })
  }

  #copied(source: Uint8Array | null): HostValue {
    const own = Uint8Array.from(source ?? EMPTY)
    return hostObject({ kind: 'bytes', bytes: () => own })
  }
}

/** @returns a HostValue, a number for a plain i32, or nothing where the import has no result */
type Operation = (args: Arguments) => unknown

class Arguments {
  readonly #host: BindgenHost
  readonly #args: readonly unknown[]
  readonly #types: readonly ValueType[]

  constructor(host: BindgenHost, args: readonly unknown[], types: readonly ValueType[]) {
    this.#host = host
    this.#args = args
    this.#types = types
  }

  raw(at: number): unknown {
    return this.#args[at]
  }

  number(at: number): number {
    const value = this.#args[at]
    return typeof value === 'number' ? value : 0
  }

  value(at: number): HostValue {
    return this.#host.value(this.#args[at], this.#types[at])
  }

  object(at: number) {
    const value = this.value(at)
    return typeof value === 'object' ? value : null
  }

  isKind(at: number, kind: 'global' | 'memory' | 'function'): boolean {
    return this.object(at)?.kind === kind
  }
}

const STATICS: readonly HostValue[] = [undefined, null, true, false]
const FIRST_FREE_SLOT = 132
const MOST_SLOTS = 1_000_000
const MOST_BYTES = 16 * 1024 * 1024
const EMPTY = new Uint8Array()
const EXPORT = /^__wbindgen_export/
/** Imports whose failure a module takes as a result, not as an exception. */
const CATCHING: ReadonlySet<string> = new Set(['call', 'require', 'getRandomValues', 'randomFillSync'])

function copy(source: Uint8Array | null, target: Uint8Array | null, at: number): void {
  if (!source || !target) throw new ProgramThrow('expected byte arrays')
  if (at + source.length > target.length) throw new ProgramThrow('the byte array is too short')
  target.set(source, at)
}
