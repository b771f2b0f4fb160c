/**
 * WebAssembly texts in the shapes that wasm-bindgen gives a module. A bump allocator starts at 64 KiB; `at` places constants below it.
 */
export const bindgenModule = (p: {
  readonly imports?: string
  readonly memory?: string
  readonly body: string
}): string => `(module
  ${p.imports ?? ''}
  ${p.memory ?? '(memory (export "memory") 4)'}
  (global $heap (mut i32) (i32.const 65536))
  (global $stack (mut i32) (i32.const 65536))
  (func (export "__wbindgen_malloc") (param $size i32) (param $align i32) (result i32)
    (local $at i32)
    (local.set $at (global.get $heap))
    (global.set $heap (i32.and (i32.add (i32.add (global.get $heap) (local.get $size)) (i32.const 15)) (i32.const -16)))
    (block $fits (loop $grow
      (br_if $fits (i32.le_u (global.get $heap) (i32.mul (memory.size) (i32.const 65536))))
      (if (i32.eq (memory.grow (i32.const 1)) (i32.const -1)) (then unreachable))
      (br $grow)))
    (local.get $at))
  (func (export "__wbindgen_add_to_stack_pointer") (param i32) (result i32)
    (global.set $stack (i32.add (global.get $stack) (local.get 0)))
    (global.get $stack))
  ${p.body}
)`

/** A data segment for a text, and the two constants that name it. */
export const text = (at: number, value: string): { readonly data: string; readonly args: string } => {
  const bytes = Buffer.from(value)
  const escaped = [...bytes].map((byte) => `\\${byte.toString(16).padStart(2, '0')}`).join('')
  return { data: `(data (i32.const ${at}) "${escaped}")`, args: `(i32.const ${at}) (i32.const ${bytes.length})` }
}

/** `prove(input) -> String` by return pointer, which runs `code` and returns a constant. */
export const proveModule = (p: {
  readonly returns?: string
  readonly code?: string
  readonly imports?: string
  readonly memory?: string
  readonly body?: string
}): string => {
  const result = text(1024, p.returns ?? '0xc0ffee')
  return bindgenModule({
    imports: p.imports ?? '',
    ...(p.memory === undefined ? {} : { memory: p.memory }),
    body: `${result.data} ${p.body ?? ''}
  (func (export "prove") (param $ret i32) (param $ptr i32) (param $len i32)
    ${p.code ?? ''}
    (i32.store (local.get $ret) (i32.const 1024))
    (i32.store offset=4 (local.get $ret) (i32.const ${Buffer.byteLength(p.returns ?? '0xc0ffee')})))`,
  })
}

/** `prove(input) -> String`, multi-value, which gives the input back. */
export const echoModule = bindgenModule({
  body: '(func (export "prove") (param i32 i32) (result i32 i32) (local.get 0) (local.get 1))',
})

/** `prove_task(input) -> String` that returns a constant. */
export const proveTaskModule = (returns: string, keyNeeded?: string): string => {
  const result = text(1024, returns)
  const key = text(16, keyNeeded ?? '')
  return bindgenModule({
    body: `${result.data} ${keyNeeded === undefined ? '' : key.data}
  (func (export "prove_task") (param i32 i32) (result i32 i32) ${result.args})
  ${keyNeeded === undefined ? '' : `(func (export "proving_key_needed") (result i32 i32) ${key.args})`}`,
  })
}
