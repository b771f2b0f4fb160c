import { BindgenHost, type ImportShape } from './BindgenHost.ts'
import { type BoundModule, boundModule, type FunctionType, MODULE_LIMITS, type ModuleLimits } from './boundModule.ts'
import { failure } from './failure.ts'
import { describe } from './hostValues.ts'
import { MOST_RESULT_BYTES, type Program, type ProgramAbi, type ProgramInput } from './Program.ts'
import { ProgramLog } from './ProgramLog.ts'
import { ProgramThrow } from './ProgramThrow.ts'
import { Refusal } from './Refusal.ts'

const PAGE = 65_536

/**
 * Compiles a wasm-bindgen module and tells which of the three interfaces it has: `prove_task(input)`, `prove(input)`, or
 * `prove(projectId, taskId, clientId, sequencerSign, input)`.
 * @param provingKey put into `prove_task`'s JSON as base64 where the module names a key
 * @throws {Refusal} for what is not such a module
 */
export function loadHalo2(bytes: Uint8Array, memoryBytes: number, provingKey: Uint8Array): Program {
  const limits: ModuleLimits = { ...MODULE_LIMITS, memoryPages: Math.floor(memoryBytes / PAGE) }
  const bound = boundModule(bytes, limits)
  const abi = abiOf(bound.functions)
  const imports = resolvable(bound)
  const compiled = compile(bound.bytes)
  const start = (): Instance => new Instance(compiled, bound, imports)

  const provingKeyNeeded = bound.functions.has('proving_key_needed')
    ? start().guarded((instance) => text(instance.call('proving_key_needed', [])))
    : null
  const keyMember = provingKeyNeeded === null ? {} : { provingKey: Buffer.from(provingKey).toString('base64') }

  return {
    abi,
    provingKeyNeeded,
    run: (input) =>
      start().guarded((instance) => {
        switch (abi) {
          case 'prove_task':
            return instance.call('prove_task', [JSON.stringify({ ...taskInput(input), ...keyMember })])
          case 'prove':
            return instance.call('prove', [JSON.stringify(input.data)])
          default:
            return instance.call('prove', [
              BigInt(input.projectId),
              BigInt(input.taskId),
              input.clientId,
              input.sequencerSignature,
              JSON.stringify(input.data),
            ])
        }
      }),
  }
}

const taskInput = ({ task, binding, data, salt }: ProgramInput) => ({ task, binding, data, salt })

function compile(bytes: Uint8Array): WebAssembly.Module {
  try {
    return new WebAssembly.Module(bytes)
  } catch (error) {
    throw failure(error, new ProgramLog(), { used: 0, limit: 0 })
  }
}

function abiOf(functions: BoundModule['functions']): ProgramAbi {
  if (functions.has('prove_task')) return 'prove_task'
  const prove = functions.get('prove')
  if (!prove) throw new Refusal('program', 'the module exports neither prove_task nor prove')
  const given = prove.params.length - (prove.results.length === 0 ? 1 : 0)
  if (given === 2) return 'prove'
  if (given === 8) return 'prove_client'
  throw new Refusal('program', `the module's prove takes ${prove.params.length} parameters, where 3 or 9 are known`)
}

interface ResolvedImport {
  readonly module: string
  readonly field: string
  readonly shape: ImportShape
}

/** @throws {Refusal} naming what is not offered */
function resolvable({ imports }: BoundModule): readonly ResolvedImport[] {
  const siblings = new Set(imports.map((each) => plainName(each.name)))
  const probe = new BindgenHost(new ProgramLog())
  const resolved = imports.map(({ module, name, type }) => ({
    module,
    field: name,
    shape: { name: plainName(name), type, siblings },
  }))
  const unknown = resolved.filter(({ module, shape }) => !MODULE.test(module) || probe.resolve(shape) === null)
  if (unknown.length > 0) {
    const names = unknown.slice(0, 5).map(({ module, field }) => `${module}.${field}`)
    const more = unknown.length > 5 ? ` and ${unknown.length - 5} more` : ''
    throw new Refusal('program', `the module imports what is not offered here: ${names.join(', ')}${more}`)
  }
  return resolved
}

const MODULE = /^(?:__wbindgen.*|wbg|\.\/.*_bg\.js)$/

/** `__wbg_crypto_1d1f22824a6a080c` and `__wbg___wbindgen_throw_be289d5034ed271b` without prefix and hash. */
function plainName(name: string): string {
  const match = /^__wbg_(.+)_[0-9a-f]{16}$/.exec(name) ?? /^(__wbindgen_(?:cast|generic))_[0-9a-f]{16}$/.exec(name)
  return match?.[1] ?? name
}

class Instance {
  readonly #bound: BoundModule
  readonly #log = new ProgramLog()
  readonly #host = new BindgenHost(this.#log)
  readonly #compiled: WebAssembly.Module
  readonly #imports: readonly ResolvedImport[]
  #exports: Readonly<Record<string, unknown>> = {}

  constructor(compiled: WebAssembly.Module, bound: BoundModule, imports: readonly ResolvedImport[]) {
    this.#compiled = compiled
    this.#bound = bound
    this.#imports = imports
  }

  /** Starts the instance and uses it; whatever is thrown comes out as a Refusal. */
  guarded<T>(use: (instance: Instance) => T): T {
    try {
      this.#start()
      return use(this)
    } catch (error) {
      throw failure(error, this.#log, {
        used: this.#host.memory.size,
        limit: (this.#bound.memory?.maximum ?? 0) * PAGE,
      })
    }
  }

  #start(): void {
    const { memory } = this.#bound
    const imports: Record<string, Record<string, unknown>> = Object.create(null)
    const put = (module: string, name: string, value: unknown): void => {
      const fields = imports[module] ?? Object.create(null)
      fields[name] = value
      imports[module] = fields
    }
    for (const { module, field, shape } of this.#imports) put(module, field, this.#host.resolve(shape))
    if (memory?.importedAs) {
      const { initial, maximum, shared } = memory
      const own = new WebAssembly.Memory({ initial, maximum, shared })
      this.#host.memory.attach(own)
      put(memory.importedAs.module, memory.importedAs.name, own)
    }
    const { exports } = new WebAssembly.Instance(this.#compiled, imports)
    this.#exports = exports
    if (!memory?.importedAs) this.#host.memory.attach(exports.memory)
    this.#host.attach(exports, this.#allocator())
    // Its parameter is the stack size of a further thread: 0 means the first.
    const start = exports.__wbindgen_start
    if (typeof start === 'function') start(0)
  }

  /** Stripped builds rename it to `__wbindgen_export…`; its type is still its own. */
  #allocator(): ((size: number, align: number) => unknown) | null {
    const { functions } = this.#bound
    const renamed = [...functions].find(([name, type]) => /^__wbindgen_export/.test(name) && isMalloc(type))
    const found = this.#exports.__wbindgen_malloc ?? this.#exports[renamed?.[0] ?? '']
    return typeof found === 'function' ? (size, align) => found(size, align) : null
  }

  /**
   * Calls an export by wasm-bindgen's convention for texts and byte vectors.
   * @returns a copy of what it returned
   */
  call(name: string, args: readonly (string | bigint)[]): Uint8Array {
    const called = this.#exports[name]
    const type = this.#bound.functions.get(name)
    if (typeof called !== 'function' || !type) throw new Refusal('program', `the module does not export ${name}`)
    const words = args.flatMap((arg): readonly (number | bigint)[] => {
      if (typeof arg === 'bigint') return [BigInt.asIntN(64, arg)]
      const bytes = Buffer.from(arg)
      return [this.#host.pass(bytes), bytes.length]
    })
    const [pointer, length, error, failed] =
      type.results.length > 0 ? this.#multiValue(called(...words)) : this.#byPointer((...all) => called(...all), words)
    if (failed) throw new ProgramThrow(describe(this.#host.value(error, 'i32')))
    return this.#host.memory.read(pointer, length, MOST_RESULT_BYTES)
  }

  #multiValue(returned: unknown): readonly unknown[] {
    if (!Array.isArray(returned)) throw new Refusal('program', 'it returned no text')
    return returned
  }

  #byPointer(
    called: (...args: readonly unknown[]) => unknown,
    words: readonly (number | bigint)[],
  ): readonly unknown[] {
    const { __wbindgen_add_to_stack_pointer: moveStack } = this.#exports
    if (typeof moveStack !== 'function')
      throw new Refusal('program', 'the module does not export __wbindgen_add_to_stack_pointer')
    const pointer: unknown = moveStack(-16)
    const { memory } = this.#host
    memory.write(pointer, new Uint8Array(16))
    called(pointer, ...words)
    const at = Number(pointer)
    return [memory.word(at), memory.word(at + 4), memory.word(at + 8), memory.word(at + 12)]
  }
}

function isMalloc({ params, results }: FunctionType): boolean {
  return params.length === 2 && [...params, ...results].every((type) => type === 'i32') && results.length === 1
}

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('utf8')
}
