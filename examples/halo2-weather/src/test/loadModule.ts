/** The calls of a circuit's module, by wasm-bindgen's convention for texts in builds that return several values. */
export interface CircuitModule {
  proveTask(input: string): string
  provingKeyNeeded(): string
}

/** Loads a module of this project's kit without its glue: all it imports is randomness. */
export function loadModule(wasm: Uint8Array): CircuitModule {
  const module = new WebAssembly.Module(Uint8Array.from(wasm))
  const imports: Record<string, Record<string, WebAssembly.ImportValue>> = {}
  for (const { module: from, name } of WebAssembly.Module.imports(module)) {
    if (!/^__wbg_getRandomValues_/.test(name)) throw new Error(`an import that is not known: ${from}.${name}`)
    imports[from] = {
      ...imports[from],
      [name]: (at: number, length: number) => crypto.getRandomValues(bytes(at, length)),
    }
  }
  const { exports } = new WebAssembly.Instance(module, imports)
  const bytes = (at: number, length?: number): Uint8Array<ArrayBuffer> => {
    const { memory } = exports
    if (!(memory instanceof WebAssembly.Memory)) throw new Error('the module has no memory of its own')
    return new Uint8Array(memory.buffer, at >>> 0, length)
  }
  const called = (name: string, ...args: readonly number[]): unknown => {
    const found = exports[name]
    if (typeof found !== 'function') throw new Error(`the module does not export ${name}`)
    return found(...args)
  }
  const text = (returned: unknown): string => {
    if (!Array.isArray(returned)) throw new Error('not a text')
    const [at = 0, length = 0] = returned.map(Number)
    const read = new TextDecoder().decode(bytes(at, length))
    called('__wbindgen_free', at, length, 1)
    return read
  }
  return {
    proveTask(input) {
      const given = new TextEncoder().encode(input)
      const at = Number(called('__wbindgen_malloc', given.length, 1))
      bytes(at, given.length).set(given)
      return text(called('prove_task', at, given.length))
    },
    provingKeyNeeded: () => text(called('proving_key_needed')),
  }
}
