import wabtModule from 'wabt'

let loading: ReturnType<typeof wabtModule> | undefined

/** Assembles WebAssembly text. */
export async function wat(source: string): Promise<Uint8Array> {
  loading ??= wabtModule()
  const wabt = await loading
  const module = wabt.parseWat('test.wat', source, {
    exceptions: true,
    threads: true,
    multi_value: true,
    reference_types: true,
    bulk_memory: true,
    simd: true,
    mutable_globals: true,
    sign_extension: true,
    memory64: true,
  })
  try {
    return Uint8Array.from(module.toBinary({}).buffer)
  } finally {
    module.destroy()
  }
}
