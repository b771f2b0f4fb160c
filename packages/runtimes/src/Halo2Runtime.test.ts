import { createHash } from 'node:crypto'
import type { ProveJob } from '@w3bstream/core/ports'
import { runtimeSuite } from '@w3bstream/core/ports/suites'
import { ProgramError, ProgramLimitError, UnsupportedRuntimeError } from '@w3bstream/protocol'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createRuntimes, type Runtimes } from './createRuntimes.ts'
import type { Halo2Runtime } from './Halo2Runtime.ts'
import { compileBomb } from './test/compileBomb.ts'
import { bindgenModule, echoModule, proveModule, proveTaskModule, text } from './test/programs.ts'
import { BINDING, COMMITMENT, proveJob } from './test/proveJob.ts'
import { wat } from './test/wat.ts'

const MIB = 1024 ** 2
const never = new AbortController().signal
const OK = 'ab'

const halo2 = (runtimes: Runtimes): Pick<Halo2Runtime, 'prove'> => {
  const runtime = runtimes.get('halo2')
  if (!runtime) throw new TypeError('no halo2 runtime')
  return runtime
}

describe('Halo2Runtime', () => {
  runtimeSuite(async () => {
    const runtimes = createRuntimes()
    const runtime = runtimes.get('halo2')
    if (!runtime) throw new TypeError('no halo2 runtime')
    return {
      runtime,
      good: proveJob(await wat(echoModule)),
      failing: proveJob(await wat(proveModule({ code: 'unreachable' }))),
      endless: proveJob(await wat(proveModule({ code: '(loop $l (br $l))' })), { timeoutMs: 1_500 }),
      hungry: proveJob(
        await wat(
          proveModule({ code: '(loop $l (br_if $l (i32.ne (memory.grow (i32.const 1)) (i32.const -1)))) unreachable' }),
        ),
      ),
      broken: proveJob(Buffer.from('no WebAssembly at all')),
      close: () => runtimes.close(),
    }
  })
})

describe('the interfaces of a module', () => {
  let runtimes: Runtimes
  beforeAll(() => {
    runtimes = createRuntimes()
  })
  afterAll(() => runtimes.close())
  const prove = async (source: string, p: Parameters<typeof proveJob>[1] = {}) =>
    halo2(runtimes).prove(proveJob(await wat(source), p), never)

  it.each([
    ['several results', echoModule],
    [
      'a return pointer',
      bindgenModule({
        body: `(func (export "prove") (param $ret i32) (param i32 i32)
          (i32.store (local.get $ret) (local.get 1)) (i32.store offset=4 (local.get $ret) (local.get 2)))`,
      }),
    ],
    [
      'exports without their names',
      bindgenModule({
        body: '(func (export "prove") (param i32 i32) (result i32 i32) (local.get 0) (local.get 1))',
      }).replace('__wbindgen_malloc', '__wbindgen_export2'),
    ],
    [
      'a Result that is Ok',
      bindgenModule({
        body: '(func (export "prove") (param i32 i32) (result i32 i32 i32 i32) (local.get 0) (local.get 1) (i32.const 0) (i32.const 0))',
      }),
    ],
    [
      'an imported shared memory and a start of its own',
      bindgenModule({
        imports: '(import "./weather_bg.js" "memory" (memory 2 65536 shared))',
        memory: '(export "memory" (memory 0)) (global $started (mut i32) (i32.const 0))',
        body: `(func (export "__wbindgen_start") (param $stack i32)
            (if (local.get $stack) (then unreachable)) (global.set $started (i32.const 1)))
          (func (export "prove") (param i32 i32) (result i32 i32)
            (if (i32.eqz (global.get $started)) (then unreachable)) (local.get 0) (local.get 1))`,
      }),
    ],
  ])('prove(input) by %s gets the data strings as a JSON array', async (_how, source) => {
    const payloads = ['{"a":"ü"}', '']
    expect(await prove(source, { payloads })).toMatchObject({ raw: JSON.stringify(payloads) })
  })

  it('prove with five parameters gets project, task, client, signature and input', async () => {
    // Its three texts lie one behind the other; a copy of all of them is the proof, and what it was told stands in front.
    const module = bindgenModule({
      body: `(func (export "prove") (param $ret i32) (param $project i64) (param $task i64)
          (param $client i32) (param $clientLen i32) (param $sign i32) (param $signLen i32) (param $input i32) (param $inputLen i32)
        (local $length i32)
        (local.set $length (i32.sub (i32.add (local.get $input) (local.get $inputLen)) (local.get $client)))
        (i64.store (i32.const 1048) (local.get $project))
        (i64.store (i32.const 1080) (local.get $task))
        (i32.store8 (i32.const 1119) (i32.const 96))
        (i32.store8 (i32.const 1150) (i32.shr_u (local.get $length) (i32.const 8)))
        (i32.store8 (i32.const 1151) (local.get $length))
        (memory.copy (i32.const 1152) (local.get $client) (local.get $length))
        (i32.store (local.get $ret) (i32.const 1024))
        (i32.store offset=4 (local.get $ret) (i32.add (local.get $length) (i32.const 128))))`,
    })
    const job = proveJob(await wat(module))
    const { proof, raw, publicInputs } = await halo2(runtimes).prove(job, never)
    const told = Buffer.from(proof).toString('utf8')
    expect(told).toContain(job.clientId)
    expect(told).toContain(job.sequencerSignature)
    expect(told).toContain(JSON.stringify(job.payloads))
    const words = Buffer.from(raw.slice(2), 'hex')
    expect(words.readBigUInt64LE(24)).toBe(job.task.projectId)
    expect(words.readBigUInt64LE(56)).toBe(job.task.number)
    expect(publicInputs).toHaveLength(3)
  })

  const bound = JSON.stringify({
    proof: '0x0102',
    publicInputs: [
      `0x${'00'.repeat(16)}${BINDING.slice(2, 34)}`,
      `0x${'00'.repeat(16)}${BINDING.slice(34)}`,
      COMMITMENT,
      `0x${'00'.repeat(31)}2a`,
    ],
  })

  it('prove_task gives proof, public inputs and outputs', async () => {
    expect(await prove(proveTaskModule(bound))).toMatchObject({
      proof: Uint8Array.of(1, 2),
      outputs: `0x${'00'.repeat(31)}2a`,
      raw: bound,
    })
  })

  it('prove_task is preferred where a module has prove too', async () => {
    const both = proveTaskModule(bound).replace(
      '(func (export "prove_task")',
      '(func (export "prove") (param i32 i32) (result i32 i32) unreachable) (func (export "prove_task")',
    )
    expect(await prove(both)).toMatchObject({ raw: bound })
  })

  const provingKey = Uint8Array.from({ length: 1_000 }, (_, at) => at)
  const keyHash = createHash('sha256').update(provingKey).digest('hex')
  /** Refuses with its own input as the reason, so that a test can read it. */
  const telling = (keyNeeded?: string): string => {
    const [before, after] = [text(2048, '{"error":"'), text(2100, '"}')]
    const key = text(16, keyNeeded ?? '')
    return bindgenModule({
      memory: '(memory (export "memory") 8)',
      body: `${before.data} ${after.data} ${keyNeeded === undefined ? '' : key.data}
        ${keyNeeded === undefined ? '' : `(func (export "proving_key_needed") (result i32 i32) ${key.args})`}
        (func (export "prove_task") (param $ptr i32) (param $len i32) (result i32 i32) (local $at i32)
          (loop $quotes
            (if (i32.eq (i32.load8_u (i32.add (local.get $ptr) (local.get $at))) (i32.const 34))
              (then (i32.store8 (i32.add (local.get $ptr) (local.get $at)) (i32.const 39))))
            (local.set $at (i32.add (local.get $at) (i32.const 1)))
            (br_if $quotes (i32.lt_u (local.get $at) (local.get $len))))
          (memory.copy (i32.const 131072) (i32.const 2048) (i32.const 10))
          (memory.copy (i32.const 131082) (local.get $ptr) (local.get $len))
          (memory.copy (i32.add (i32.const 131082) (local.get $len)) (i32.const 2100) (i32.const 2))
          (i32.const 131072) (i32.add (local.get $len) (i32.const 12)))`,
    })
  }
  const told = async (source: string, p: Parameters<typeof proveJob>[1] = {}): Promise<unknown> => {
    const error = await prove(source, p).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(ProgramError)
    const reason = error instanceof ProgramError ? String(error.meta.reason) : ''
    return JSON.parse(reason.replaceAll("'", '"'))
  }

  it('prove_task gets the task, binding, data and salt as the project file’s documentation has them', async () => {
    const job = proveJob(new Uint8Array())
    expect(await told(telling(), { payloads: ['1', '2'] })).toEqual({
      task: {
        projectId: '7',
        version: '0.1',
        configHash: job.task.configHash,
        messagesRoot: job.task.messagesRoot,
        messageCount: 2,
        inputCommitment: COMMITMENT,
        sequencer: job.task.sequencer,
        number: '9007199254740993',
        digest: job.taskId,
      },
      binding: BINDING,
      data: ['1', '2'],
      salt: job.salt,
    })
  })

  it.each([
    ['', keyHash],
    ['0x', keyHash.toUpperCase()],
  ])('prove_task gets the key that proving_key_needed names (%j)', async (prefix, digits) => {
    expect(await told(telling(prefix + digits), { provingKey, payloads: ['1'] })).toMatchObject({
      provingKey: Buffer.from(provingKey).toString('base64'),
    })
  })

  it.each([
    ['none', {}, /names none/],
    ['another', { provingKey: Uint8Array.of(1) }, /was given 0x4bf5122f/],
  ])('a module that needs a key and is given %s fails with both hashes', async (_what, p, reason) => {
    await expect(prove(telling(keyHash), p)).rejects.toThrow(reason)
    await expect(prove(telling(keyHash), p)).rejects.toThrow(keyHash)
  })
})

describe('a module’s imports', () => {
  let runtimes: Runtimes
  beforeAll(() => {
    runtimes = createRuntimes()
  })
  afterAll(() => runtimes.close())
  const prove = async (source: string) => halo2(runtimes).prove(proveJob(await wat(source)), never)
  const h = '0123456789abcdef'

  /** getrandom 0.2 before reference types: global object, crypto, a host array, and a copy out of it. */
  const heapRandom = (wantsGlobal: string, imports: string): string =>
    proveModule({
      imports: `${imports}
        (import "wbg" "__wbg_crypto_${h}" (func $crypto (param i32) (result i32)))
        (import "wbg" "__wbindgen_is_object" (func $isObject (param i32) (result i32)))
        (import "wbg" "__wbindgen_is_undefined" (func $isUndefined (param i32) (result i32)))
        (import "wbg" "__wbg_process_${h}" (func $process (param i32) (result i32)))
        (import "wbg" "__wbg_newwithlength_${h}" (func $newWithLength (param i32) (result i32)))
        (import "wbg" "__wbg_subarray_${h}" (func $subarray (param i32 i32 i32) (result i32)))
        (import "wbg" "__wbg_getRandomValues_${h}" (func $random (param i32 i32)))
        (import "wbg" "__wbindgen_memory" (func $memory (result i32)))
        (import "wbg" "__wbg_buffer_${h}" (func $buffer (param i32) (result i32)))
        (import "wbg" "__wbg_newwithbyteoffsetandlength_${h}" (func $view (param i32 i32 i32) (result i32)))
        (import "wbg" "__wbg_new_${h}" (func $new (param i32) (result i32)))
        (import "wbg" "__wbg_set_${h}" (func $set (param i32 i32 i32)))
        (import "wbg" "__wbg_length_${h}" (func $length (param i32) (result i32)))
        (import "wbg" "__wbindgen_object_drop_ref" (func $drop (param i32)))
        (import "wbg" "__wbindgen_object_clone_ref" (func $clone (param i32) (result i32)))`,
      body: '(global $global (mut i32) (i32.const 0)) (global $array (mut i32) (i32.const 0)) (global $crypto (mut i32) (i32.const 0))',
      code: `(global.set $global ${wantsGlobal})
        (if (i32.eqz (call $isObject (global.get $global))) (then unreachable))
        (if (i32.eqz (call $isUndefined (call $process (global.get $global)))) (then unreachable))
        (global.set $crypto (call $clone (call $crypto (global.get $global))))
        (if (i32.eqz (call $isObject (global.get $crypto))) (then unreachable))
        (global.set $array (call $newWithLength (i32.const 256)))
        (call $random (global.get $crypto) (call $subarray (global.get $array) (i32.const 0) (i32.const 32)))
        (if (i32.ne (call $length (global.get $array)) (i32.const 256)) (then unreachable))
        (call $set (call $view (call $buffer (call $memory)) (i32.const 2048) (i32.const 256)) (global.get $array) (i32.const 0))
        (call $drop (global.get $array))
        (if (i64.eqz (i64.load (i32.const 2048))) (then unreachable))
        (if (i64.eq (i64.load (i32.const 2048)) (i64.load (i32.const 2056))) (then unreachable))
        (if (i32.eqz (i64.eqz (i64.load (i32.const 2112)))) (then unreachable))`,
    })

  const returnThis = text(512, 'return this')
  it.each([
    ['globalThis', '(call $globalThis)', `(import "wbg" "__wbg_globalThis_${h}" (func $globalThis (result i32)))`],
    ['self', '(call $self)', `(import "wbg" "__wbg_self_${h}" (func $self (result i32)))`],
    [
      'a later accessor',
      '(call $accessor)',
      `(import "wbg" "__wbg_static_accessor_GLOBAL_THIS_${h}" (func $accessor (result i32)))`,
    ],
    [
      'the function constructor',
      `(call $call (call $newnoargs ${returnThis.args}) (i32.const 128))`,
      `(import "wbg" "__wbg_newnoargs_${h}" (func $newnoargs (param i32 i32) (result i32)))
       (import "wbg" "__wbg_call_${h}" (func $call (param i32 i32) (result i32)))`,
    ],
  ])('give random bytes to an older build that finds its way by %s', async (_way, wantsGlobal, imports) => {
    const source = heapRandom(wantsGlobal, imports).replace('(global $heap', `${returnThis.data} (global $heap`)
    expect(await prove(source)).toMatchObject({ raw: '0xc0ffee' })
  })

  it('give random bytes to a later build, through references', async () => {
    const source = proveModule({
      imports: `
        (import "./m_bg.js" "__wbg_new_with_length_${h}" (func $new (param i32) (result externref)))
        (import "./m_bg.js" "__wbg_getRandomValues_${h}" (func $random (param externref)))
        (import "./m_bg.js" "__wbg_subarray_${h}" (func $subarray (param externref i32 i32) (result externref)))
        (import "./m_bg.js" "__wbg_prototypesetcall_${h}" (func $copy (param i32 i32 externref)))
        (import "./m_bg.js" "__wbindgen_init_externref_table" (func $init))
        (import "./m_bg.js" "__wbg___wbindgen_is_undefined_${h}" (func $isUndefined (param externref) (result i32)))
        (import "./m_bg.js" "__wbg_static_accessor_GLOBAL_THIS_${h}" (func $global (result i32)))`,
      body: `(table $refs (export "__wbindgen_externrefs") 128 externref)
        (func (export "__externref_table_alloc") (result i32) (table.grow $refs (ref.null extern) (i32.const 1)))
        (func (export "__wbindgen_start") (call $init))
        (global $array (mut i32) (i32.const 100))`,
      code: `(table.set $refs (i32.const 100) (call $new (i32.const 32)))
        (call $random (call $subarray (table.get $refs (i32.const 100)) (i32.const 0) (i32.const 16)))
        (call $copy (i32.const 2048) (i32.const 32) (table.get $refs (i32.const 100)))
        (if (i32.eqz (call $isUndefined (table.get $refs (i32.const 128)))) (then unreachable))
        (if (call $isUndefined (table.get $refs (i32.const 129))) (then unreachable))
        (if (call $isUndefined (table.get $refs (call $global))) (then unreachable))
        (if (i64.eqz (i64.load (i32.const 2048))) (then unreachable))
        (if (i32.eqz (i64.eqz (i64.load (i32.const 2064)))) (then unreachable))`,
    })
    expect(await prove(source)).toMatchObject({ raw: '0xc0ffee' })
  })

  it('give random bytes straight into a memory', async () => {
    const source = proveModule({
      imports: `(import "./m_bg.js" "__wbg_getRandomValues_${h}" (func $random (param i32 i32)))`,
      code: '(call $random (i32.const 2048) (i32.const 8)) (if (i64.eqz (i64.load (i32.const 2048))) (then unreachable))',
    })
    expect(await prove(source)).toMatchObject({ raw: '0xc0ffee' })
  })

  it('are refused by name when there are others', async () => {
    const source = proveModule({
      imports: `(import "wbg" "__wbg_get_${h}" (func (param i32 i32) (result i32)))
        (import "wbg" "__wbg_fetch_${h}" (func (param i32) (result i32)))
        (import "env" "system" (func (param i32) (result i32)))`,
    })
    await expect(prove(source)).rejects.toThrow(
      `the module imports what is not offered here: wbg.__wbg_get_${h}, wbg.__wbg_fetch_${h}, env.system`,
    )
  })

  it('hand on the text of a panic', async () => {
    const panic = text(512, 'panicked at circuit.rs:7: no readings')
    const source = proveModule({
      imports: `(import "wbg" "__wbg_error_${h}" (func $error (param i32 i32)))`,
      body: panic.data,
      code: `(call $error ${panic.args}) unreachable`,
    })
    await expect(prove(source)).rejects.toThrow(
      'it trapped: unreachable; it said: panicked at circuit.rs:7: no readings',
    )
  })

  it('hand on what is thrown', async () => {
    const reason = text(512, 'not this time')
    const source = proveModule({
      imports: '(import "wbg" "__wbindgen_throw" (func $throw (param i32 i32)))',
      body: reason.data,
      code: `(call $throw ${reason.args})`,
    })
    await expect(prove(source)).rejects.toThrow('it threw: not this time')
  })

  describe('hold nothing of Node', () => {
    it.each(['return process', 'return this.process', 'return require("fs")', 'return globalThis.constructor'])(
      'in what %j gives',
      async (code) => {
        const script = text(512, code)
        const source = proveModule({
          imports: `(import "wbg" "__wbg_newnoargs_${h}" (func $newnoargs (param i32 i32) (result i32)))
            (import "wbg" "__wbg_call_${h}" (func $call (param i32 i32) (result i32)))`,
          body: script.data,
          code: `(drop (call $call (call $newnoargs ${script.args}) (i32.const 128)))`,
        })
        await expect(prove(source)).rejects.toThrow('there is nothing to call here')
      },
    )

    it.each(['require', 'call'])('behind %s, whose failure the module gets as a value', async (name) => {
      const source = proveModule({
        imports: `(import "wbg" "__wbg_${name}_${h}" (func $import (param i32 i32) (result i32)))
          (import "wbg" "__wbindgen_debug_string" (func $debug (param i32 i32)))`,
        body: `(global $stored (mut i32) (i32.const 0))
          (func (export "__wbindgen_exn_store") (param i32) (global.set $stored (local.get 0)))`,
        code: `(drop (call $import (i32.const 128) (i32.const 128)))
          (if (i32.eqz (global.get $stored)) (then unreachable))
          (call $debug (local.get $ret) (global.get $stored))
          (return)`,
      })
      expect(await prove(source)).toMatchObject({
        raw: expect.stringMatching(/^there is no(?:thing to call| require) here$/),
      })
    })

    it('in how the global object and crypto are shown, nor in their members', async () => {
      const source = proveModule({
        imports: `(import "wbg" "__wbg_globalThis_${h}" (func $global (result i32)))
          (import "wbg" "__wbg_crypto_${h}" (func $crypto (param i32) (result i32)))
          (import "wbg" "__wbg_process_${h}" (func $process (param i32) (result i32)))
          (import "wbg" "__wbg_versions_${h}" (func $versions (param i32) (result i32)))
          (import "wbg" "__wbg_msCrypto_${h}" (func $msCrypto (param i32) (result i32)))
          (import "wbg" "__wbindgen_is_undefined" (func $isUndefined (param i32) (result i32)))
          (import "wbg" "__wbindgen_is_function" (func $isFunction (param i32) (result i32)))
          (import "wbg" "__wbindgen_debug_string" (func $debug (param i32 i32)))`,
        body: '(global $g (mut i32) (i32.const 0))',
        code: `(global.set $g (call $global))
          (if (i32.eqz (call $isUndefined (call $process (global.get $g)))) (then unreachable))
          (if (i32.eqz (call $isUndefined (call $versions (global.get $g)))) (then unreachable))
          (if (i32.eqz (call $isUndefined (call $msCrypto (global.get $g)))) (then unreachable))
          (if (i32.eqz (call $isUndefined (call $crypto (call $crypto (global.get $g))))) (then unreachable))
          (if (call $isFunction (global.get $g)) (then unreachable))
          (call $debug (local.get $ret) (call $crypto (global.get $g)))
          (return)`,
      })
      expect(await prove(source)).toMatchObject({ raw: '[crypto]' })
    })
  })
})

describe('a hostile module', () => {
  let runtimes: Runtimes
  let good: ProveJob
  beforeAll(async () => {
    runtimes = createRuntimes({ overheadBytes: 256 * MIB })
    good = proveJob(await wat(proveModule({ returns: OK })))
    await runtimes.warm('halo2', good)
  })
  afterAll(() => runtimes.close())
  const h = '0123456789abcdef'

  /** Runs it beside a good one, which must not notice. @returns why the hostile one ended */
  const beside = async (source: string, timeoutMs = 15_000): Promise<unknown> =>
    besideBytes(await wat(source), timeoutMs)
  const besideBytes = async (program: Uint8Array, timeoutMs: number): Promise<unknown> => {
    const job = proveJob(program, { timeoutMs })
    const [hostile, other] = await Promise.allSettled([
      halo2(runtimes).prove(job, never),
      halo2(runtimes).prove(good, never),
    ])
    expect(other).toMatchObject({ status: 'fulfilled', value: { raw: OK } })
    return hostile.status === 'rejected' ? hostile.reason : undefined
  }
  const refusal = (kind: typeof ProgramError | typeof ProgramLimitError, message: RegExp) =>
    expect.toSatisfy(
      (error: unknown) => error instanceof kind && message.test(error.message),
      `${kind.name} that matches ${message}`,
    )

  it.each([
    [
      'overflows its stack',
      '(func $f (param i32) (call $f (local.get 0)) (call $f (local.get 0)))',
      '(call $f (i32.const 1))',
      /call stack/,
    ],
    ['divides by zero', '', '(drop (i32.div_u (i32.const 1) (i32.const 0)))', /divide by zero/],
    ['reads outside its memory', '', '(drop (i32.load (i32.const -8)))', /out of bounds/],
    ['throws an exception of its own', '(tag $t)', '(throw $t)', /exception of its own/],
    [
      'calls through an empty table',
      '(table 1 funcref)',
      '(call_indirect (i32.const 0))',
      /null function|signature|table/,
    ],
  ])('that %s fails alone', async (_what, body, code, reason) => {
    expect(await beside(proveModule({ body, code }))).toEqual(refusal(ProgramError, reason))
  })

  it.each([
    ['outside its memory', '(i32.const 0x7fffffff) (i32.const 16)', ProgramError, /outside its memory/],
    ['at negative addresses', '(i32.const -1) (i32.const -1)', ProgramLimitError, /hands out/],
    ['of more than it may hand out', '(i32.const 0) (i32.const 100000000)', ProgramLimitError, /hands out/],
    ['that is not UTF-8', '(i32.const 4096) (i32.const 4)', ProgramError, /prove_task|UTF-8|empty|JSON/],
  ])('that returns a text %s fails alone', async (_what, words, kind, reason) => {
    const source = bindgenModule({
      body: `(data (i32.const 4096) "\\ff\\fe\\ff\\fe") (func (export "prove_task") (param i32 i32) (result i32 i32) ${words})`,
    })
    expect(await beside(source)).toEqual(refusal(kind, reason))
  })

  it.each([
    [
      'allocates outside its memory',
      '(func (export "__wbindgen_malloc") (param i32 i32) (result i32) (i32.const -16))',
      /outside its memory/,
    ],
    [
      'allocates forever',
      '(func (export "__wbindgen_malloc") (param i32 i32) (result i32) (loop $l (br $l)) (i32.const 0))',
      /time limit/,
    ],
    ['has no memory', '', /no memory/],
  ])('that %s fails alone', async (_what, malloc, reason) => {
    const memory = malloc === '' ? '' : '(memory (export "memory") 1)'
    const source = `(module ${memory} ${malloc} (func (export "prove") (param i32 i32) (result i32 i32) (i32.const 0) (i32.const 0)))`
    expect(await beside(source, 1_500)).toEqual(expect.objectContaining({ message: expect.stringMatching(reason) }))
  })

  it('that waits on an atomic for ever is stopped', async () => {
    const source = proveModule({
      memory: '(memory (export "memory") 2 4 shared)',
      code: '(drop (memory.atomic.wait32 (i32.const 0) (i32.const 0) (i64.const -1)))',
    })
    expect(await beside(source, 1_500)).toEqual(refusal(ProgramLimitError, /time limit/))
  })

  it('that never ends its start is stopped', async () => {
    const source = proveModule({ body: '(func $start (loop $l (br $l))) (start $start)' })
    expect(await beside(source, 1_500)).toEqual(refusal(ProgramLimitError, /time limit/))
  })

  it('that declares more memory than it may have is refused before it is compiled', async () => {
    expect(await beside(proveModule({ memory: '(memory (export "memory") 60000)' }))).toEqual(
      refusal(ProgramLimitError, /memory limit of 67108864 bytes/),
    )
  })

  it('that fills memory outside its own, through host arrays, is stopped', async () => {
    const source = proveModule({
      imports: `(import "wbg" "__wbg_newwithlength_${h}" (func $new (param i32) (result i32)))
        (import "wbg" "__wbg_crypto_${h}" (func $crypto (param i32) (result i32)))
        (import "wbg" "__wbg_globalThis_${h}" (func $global (result i32)))
        (import "wbg" "__wbg_getRandomValues_${h}" (func $random (param i32 i32)))`,
      code: '(loop $l (call $random (call $crypto (call $global)) (call $new (i32.const 16777216))) (br $l))',
    })
    expect(await beside(source)).toEqual(refusal(ProgramLimitError, /memory limit, its process taking more than/))
  })

  it('that floods its log keeps its message short', async () => {
    const line = text(2048, 'x'.repeat(4_000))
    const source = proveModule({
      imports: `(import "wbg" "__wbg_error_${h}" (func $error (param i32 i32)))`,
      body: `${line.data} (global $n (mut i32) (i32.const 0))`,
      code: `(loop $l (call $error ${line.args}) (global.set $n (i32.add (global.get $n) (i32.const 1)))
        (br_if $l (i32.lt_u (global.get $n) (i32.const 1000)))) unreachable`,
    })
    const error = await beside(source)
    expect(error).toEqual(refusal(ProgramError, /unreachable; it said: x+/))
    expect(String(error).length).toBeLessThan(5_000)
  })

  it('that is a compile bomb of locals is refused before it is compiled', async () => {
    const bomb = `(func (local ${'i64 '.repeat(15_000)}))`.repeat(400)
    expect(await beside(proveModule({ body: bomb }))).toEqual(refusal(ProgramLimitError, /limit of 5000000 locals/))
  })

  it('that is a compile bomb within every count is stopped at its limit of time or memory', async () => {
    expect(await besideBytes(compileBomb(), 2_000)).toEqual(refusal(ProgramLimitError, /(?:time|memory) limit/))
  })

  it('does no harm when there are many of them', async () => {
    const sources = [
      proveModule({ code: '(loop $l (br $l))' }),
      proveModule({ code: 'unreachable' }),
      proveModule({ code: '(loop $l (br_if $l (i32.ne (memory.grow (i32.const 1)) (i32.const -1)))) unreachable' }),
    ]
    const hostile = await Promise.all(sources.map(async (source) => proveJob(await wat(source), { timeoutMs: 1_000 })))
    const jobs = [...hostile, good, ...hostile, good, ...hostile, good]
    const ended = await Promise.allSettled(jobs.map((job) => halo2(runtimes).prove(job, never)))
    expect(ended.map(({ status }, at) => [jobs[at] === good, status])).toEqual(
      jobs.map((job) => [job === good, job === good ? 'fulfilled' : 'rejected']),
    )
  })
})

describe('a version that names a circuit, where the native runtime is not', () => {
  const codeExpParam = JSON.stringify({ circuit: 'weather', verifying_key: `0x${'11'.repeat(32)}` })
  const missing = { binary: '/nowhere/w3b-runtime', stateDir: '/nowhere' }

  it.each([
    ['switched off', null, 'switched off'],
    ['not built', missing, 'npm run build:native'],
  ])('%s: its module proves; without one it says why', async (_what, native, reason) => {
    await using runtimes = createRuntimes({ native })
    const module = proveJob(await wat(proveModule({})), { codeExpParam })
    expect((await halo2(runtimes).prove(module, never)).raw).toBe('0xc0ffee')
    const without = halo2(runtimes).prove(proveJob(Buffer.from('weather'), { codeExpParam }), never)
    await expect(without).rejects.toThrow(UnsupportedRuntimeError)
    await expect(without).rejects.toThrow(reason)
  })

  it.each(['weather', '{}', '{"circuit":"weather"}', '{"circuit":"weather","verifying_key":"0x11"}'])(
    '%s names none',
    async (text) => {
      await using runtimes = createRuntimes()
      const proving = halo2(runtimes).prove(proveJob(await wat(proveModule({})), { codeExpParam: text }), never)
      expect((await proving).raw).toBe('0xc0ffee')
    },
  )
})
