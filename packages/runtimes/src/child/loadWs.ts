import { type BoundModule, boundModule, MODULE_LIMITS } from './boundModule.ts'
import { failure } from './failure.ts'
import { GuestMemory } from './GuestMemory.ts'
import { MOST_RESULT_BYTES, type Program } from './Program.ts'
import { ProgramLog } from './ProgramLog.ts'
import { Refusal } from './Refusal.ts'
import { ProgramExit, wasiImport } from './wasiImports.ts'
import { type WsState, wsImport } from './wsImports.ts'

const PAGE = 65_536

/**
 * Compiles a W3bstream module: exports `start(rid) -> i32` and `alloc(size) -> pointer`, imports the `ws_*` functions and WASI preview 1.
 *
 * A task runs in one instance: `start` is called once a message, in order, with the message's index; a negative answer fails the task. What it
 * computed is the JSON text `{"results":[{"code":0,"data":"0x…"|null}…],"db":{"0x<key>":"0x<value>"}}`: a message's `data` is what the program
 * set for it by `ws_set_data`, and `db` what it left in the task's key-value store.
 * @throws {Refusal} for what is not such a module
 */
export function loadWs(bytes: Uint8Array, memoryBytes: number): Program {
  const bound = boundModule(bytes, { ...MODULE_LIMITS, memoryPages: Math.floor(memoryBytes / PAGE) })
  for (const [name, params] of [
    ['start', 1],
    ['alloc', 1],
  ] as const)
    if (bound.functions.get(name)?.params.length !== params)
      throw new Refusal('program', `the module does not export ${name} with ${params} parameter`)
  const compiled = compile(bound.bytes)
  // Resolving once at loading names what is missing before a task is tried.
  resolve(bound, new GuestMemory(), new ProgramLog(), () => {
    throw new Refusal('program', 'it is not running')
  })
  return { abi: 'ws', provingKeyNeeded: null, run: (input) => run(compiled, bound, input.data) }
}

function run(compiled: WebAssembly.Module, bound: BoundModule, data: readonly string[]): Uint8Array {
  const log = new ProgramLog()
  const memory = new GuestMemory()
  let state: WsState | null = null
  try {
    const imports = resolve(bound, memory, log, () => {
      if (!state) throw new Refusal('program', 'it asked for data before it was started')
      return state
    })
    const { exports } = new WebAssembly.Instance(compiled, imports)
    if (!bound.memory?.importedAs) memory.attach(exports.memory)
    const { start, alloc } = exports
    if (typeof start !== 'function' || typeof alloc !== 'function')
      throw new Refusal('program', 'the module exports no start or alloc')
    const running: WsState = {
      data: data.map((text) => Buffer.from(text)),
      set: new Map(),
      db: new Map(),
      memory,
      log,
      alloc: (size) => alloc(size),
    }
    state = running
    initialise(exports)
    const codes = data.map((_, rid) => {
      const code: unknown = start(rid)
      if (typeof code !== 'number' || code < 0)
        throw new Refusal('program', `start returned ${code} for message ${rid + 1} of ${data.length}`)
      return code
    })
    const result = Buffer.from(
      JSON.stringify({
        results: codes.map((code, rid) => ({ code, data: hexOrNull(running.set.get(rid)) })),
        db: Object.fromEntries([...running.db].map(([key, value]) => [key, hexOrNull(value)])),
      }),
    )
    if (result.length > 4 * MOST_RESULT_BYTES) throw new Refusal('limit', `limit of ${MOST_RESULT_BYTES} result bytes`)
    return result
  } catch (error) {
    throw failure(error, log, { used: memory.size, limit: (bound.memory?.maximum ?? 0) * PAGE })
  }
}

/** Go's and Rust's runtimes set themselves up in one of these. */
function initialise(exports: Readonly<Record<string, unknown>>): void {
  const initialise = exports._initialize ?? exports._start
  if (typeof initialise !== 'function') return
  try {
    initialise()
  } catch (error) {
    if (!(error instanceof ProgramExit) || error.code !== 0) throw error
  }
}

function compile(bytes: Uint8Array): WebAssembly.Module {
  try {
    return new WebAssembly.Module(bytes)
  } catch (error) {
    throw failure(error, new ProgramLog(), { used: 0, limit: 0 })
  }
}

function resolve(bound: BoundModule, memory: GuestMemory, log: ProgramLog, state: () => WsState): object {
  const imports: Record<string, Record<string, unknown>> = Object.create(null)
  const put = (module: string, name: string, value: unknown): void => {
    const fields = imports[module] ?? Object.create(null)
    fields[name] = value
    imports[module] = fields
  }
  const unknown: string[] = []
  for (const { module, name, type } of bound.imports) {
    const found =
      module === 'env' || module === 'stat'
        ? wsImport(name, state)
        : module === 'wasi_snapshot_preview1'
          ? wasiImport(name, memory, log)
          : null
    if (found)
      put(module, name, type.results[0] === 'i64' ? (...args: unknown[]) => BigInt(Number(found(...args))) : found)
    else unknown.push(`${module}.${name}`)
  }
  if (unknown.length > 0)
    throw new Refusal('program', `the module imports what is not offered here: ${unknown.slice(0, 5).join(', ')}`)
  if (bound.memory?.importedAs) {
    const { initial, maximum, shared, importedAs } = bound.memory
    const own = new WebAssembly.Memory({ initial, maximum, shared })
    memory.attach(own)
    put(importedAs.module, importedAs.name, own)
  }
  return imports
}

function hexOrNull(bytes: Uint8Array | undefined): string | null {
  return bytes ? `0x${Buffer.from(bytes).toString('hex')}` : null
}
