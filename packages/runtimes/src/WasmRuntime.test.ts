import type { ProofOutput, Runtime } from '@w3bstream/core/ports'
import { runtimeSuite } from '@w3bstream/core/ports/suites'
import { ProgramError, ProgramLimitError } from '@w3bstream/protocol'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createRuntimes, type Runtimes } from './createRuntimes.ts'
import { text } from './test/programs.ts'
import { proveJob } from './test/proveJob.ts'
import { wat } from './test/wat.ts'

const never = new AbortController().signal

const wasm = (runtimes: Runtimes): Runtime => {
  const runtime = runtimes.get('wasm')
  if (!runtime) throw new TypeError('no wasm runtime')
  return runtime
}

/** A module whose start runs `code`; what it leaves on the stack is the answer. */
const wsModule = (code: string, body = ''): string => `(module
  (import "env" "ws_log" (func $log (param i32 i32 i32) (result i32)))
  (import "env" "ws_get_data" (func $getData (param i32 i32 i32) (result i32)))
  (import "env" "ws_set_data" (func $setData (param i32 i32 i32) (result i32)))
  (import "env" "ws_get_db" (func $getDb (param i32 i32 i32 i32) (result i32)))
  (import "env" "ws_set_db" (func $setDb (param i32 i32 i32 i32) (result i32)))
  (import "env" "ws_send_tx" (func $sendTx (param i32 i32 i32 i32 i32) (result i32)))
  (import "env" "ws_send_mqtt_msg" (func $mqtt (param i32 i32 i32 i32) (result i32)))
  (import "env" "ws_get_env" (func $getEnv (param i32 i32 i32 i32) (result i32)))
  (import "env" "abort" (func $abort (param i32 i32 i32 i32)))
  (import "stat" "ws_submit_metrics" (func $metrics (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $fdWrite (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_prestat_get" (func $prestat (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_open" (func $pathOpen (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "sock_accept" (func $accept (param i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "environ_sizes_get" (func $environ (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "clock_time_get" (func $clock (param i32 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 4)
  (global $heap (mut i32) (i32.const 65536))
  (func (export "alloc") (param $size i32) (result i32)
    (global.set $heap (i32.add (global.get $heap) (local.get $size)))
    (i32.sub (global.get $heap) (local.get $size)))
  ${body}
  (func (export "start") (param $rid i32) (result i32) ${code}))`

/** Reads the message to 0 (address) and 4 (length). */
const GET = '(if (call $getData (local.get $rid) (i32.const 0) (i32.const 4)) (then unreachable))'
const MESSAGE = '(i32.load (i32.const 0)) (i32.load (i32.const 4))'
const key = text(512, 'key')

describe('WasmRuntime', () => {
  runtimeSuite(async () => {
    const runtimes = createRuntimes()
    return {
      runtime: wasm(runtimes),
      good: proveJob(await wat(wsModule(`${GET} (call $setData (local.get $rid) ${MESSAGE})`))),
      failing: proveJob(await wat(wsModule('(i32.const -1)'))),
      endless: proveJob(await wat(wsModule('(loop $l (br $l)) (i32.const 0)')), { timeoutMs: 1_500 }),
      hungry: proveJob(
        await wat(wsModule('(loop $l (br_if $l (i32.ne (memory.grow (i32.const 1)) (i32.const -1)))) unreachable')),
      ),
      broken: proveJob(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 99)),
      close: () => runtimes.close(),
    }
  })
})

describe('a ws module', () => {
  let runtimes: Runtimes
  beforeAll(() => {
    runtimes = createRuntimes()
  })
  afterAll(() => runtimes.close())
  const run = async (source: string, payloads = ['first', 'zweite ü']): Promise<ProofOutput> =>
    wasm(runtimes).prove(proveJob(await wat(source), { payloads }), never)
  const hex = (value: string): string => `0x${Buffer.from(value).toString('hex')}`

  it('gets every message in order, and its results come out as JSON', async () => {
    const output = await run(wsModule(`${GET} (drop (call $setData (local.get $rid) ${MESSAGE})) (local.get $rid)`))
    expect(JSON.parse(output.raw)).toEqual({
      results: [
        { code: 0, data: hex('first') },
        { code: 1, data: hex('zweite ü') },
      ],
      db: {},
    })
    expect(Buffer.from(output.proof).toString()).toBe(output.raw)
    expect(output).toMatchObject({ outputs: '0x', publicInputs: [] })
  })

  it('keeps values from message to message of a task, and not to the next task', async () => {
    const source = wsModule(
      `(if (call $getDb ${key.args} (i32.const 0) (i32.const 4)) (then ${GET}))
       (drop (call $setDb ${key.args} ${MESSAGE}))
       (drop (call $setData (local.get $rid) ${MESSAGE})) (i32.const 0)`,
      key.data,
    )
    const expected = (message: string) => ({
      results: [
        { code: 0, data: hex(message) },
        { code: 0, data: hex(message) },
      ],
      db: { [hex('key')]: hex(message) },
    })
    expect(JSON.parse((await run(source, ['a', 'b'])).raw)).toEqual(expected('a'))
    expect(JSON.parse((await run(source, ['c', 'd'])).raw)).toEqual(expected('c'))
  })

  it('reaches nothing outside: those functions answer an error', async () => {
    const wants = [
      '(call $sendTx (i32.const 1) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0))',
      '(call $mqtt (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0))',
      `(call $getEnv ${key.args} (i32.const 0) (i32.const 4))`,
      '(call $metrics (i32.const 0) (i32.const 0))',
      '(call $getData (i32.const 99) (i32.const 0) (i32.const 4))',
      '(call $setData (i32.const -1) (i32.const 0) (i32.const 4))',
      `(call $getDb ${key.args} (i32.const 0) (i32.const 4))`,
    ]
    const checks = wants.map((call) => `(if (i32.ne ${call} (i32.const -1)) (then unreachable))`).join('\n')
    expect(JSON.parse((await run(wsModule(`${checks} (i32.const 7)`))).raw).results).toEqual([
      { code: 7, data: null },
      { code: 7, data: null },
    ])
  })

  it('has a WASI of clocks, random bytes and output alone', async () => {
    const source = wsModule(
      `(if (call $environ (i32.const 0) (i32.const 4)) (then unreachable))
       (if (i32.or (i32.load (i32.const 0)) (i32.load (i32.const 4))) (then unreachable))
       (if (call $clock (i32.const 0) (i64.const 1) (i32.const 8)) (then unreachable))
       (if (i64.lt_u (i64.load (i32.const 8)) (i64.const 1700000000000000000)) (then unreachable))
       (if (call $random (i32.const 16) (i32.const 8)) (then unreachable))
       (if (i64.eqz (i64.load (i32.const 16))) (then unreachable))
       (if (i32.ne (call $prestat (i32.const 3) (i32.const 0)) (i32.const 8)) (then unreachable))
       (if (i32.ne (call $accept (i32.const 3) (i32.const 0) (i32.const 0)) (i32.const 76)) (then unreachable))
       (if (i32.ne (call $pathOpen (i32.const 3) (i32.const 0) ${key.args} (i32.const 0) (i64.const 0) (i64.const 0) (i32.const 0) (i32.const 0))
         (i32.const 76)) (then unreachable))
       (i32.const 0)`,
      key.data,
    )
    expect(JSON.parse((await run(source)).raw).results).toHaveLength(2)
  })

  it('runs its runtime’s start first, and may end it by exit 0', async () => {
    const started = '(global $started (mut i32) (i32.const 0))'
    const begin = `${started} (func (export "_start") (global.set $started (i32.const 1)) (call $exit (i32.const 0)))`
    const output = await run(wsModule('(i32.sub (global.get $started) (i32.const 1))', begin))
    expect(JSON.parse(output.raw).results).toEqual([
      { code: 0, data: null },
      { code: 0, data: null },
    ])
  })

  it.each([
    ['a negative answer', '(i32.sub (i32.const 0) (local.get $rid))', '', 'start returned -1 for message 2 of 2'],
    [
      'what it logged',
      `(drop (call $log (i32.const 5) ${key.args})) unreachable`,
      key.data,
      'it trapped: unreachable; it said: key',
    ],
    [
      'what it printed',
      `(i32.store (i32.const 0) (i32.const 512)) (i32.store (i32.const 4) (i32.const 3))
       (drop (call $fdWrite (i32.const 2) (i32.const 0) (i32.const 1) (i32.const 8))) unreachable`,
      key.data,
      'it trapped: unreachable; it said: key',
    ],
    ['its exit code', '(call $exit (i32.const 3)) (i32.const 0)', '', 'it exited with code 3'],
    [
      'AssemblyScript’s abort',
      '(call $abort (i32.const 516) (i32.const 0) (i32.const 7) (i32.const 2)) unreachable',
      '(data (i32.const 512) "\\06\\00\\00\\00b\\00a\\00d\\00")',
      'it threw: bad (7:2)',
    ],
  ])('fails with %s', async (_what, code, body, reason) => {
    const failing = run(wsModule(code, body))
    await expect(failing).rejects.toThrow(ProgramError)
    await expect(failing).rejects.toThrow(reason)
  })

  it.each([
    ['an unknown host function', '(import "env" "system" (func (param i32)))', /not offered here: env\.system/],
    ['an unknown module', '(import "wasi_unstable" "fd_write" (func (param i32)))', /wasi_unstable\.fd_write/],
    ['a name that is in no object of ours', '(import "env" "constructor" (func))', /env\.constructor/],
    ['a prototype', '(import "__proto__" "toString" (func))', /__proto__\.toString/],
  ])('is refused for importing %s', async (_what, imports, reason) => {
    const source = `(module ${imports} (memory (export "memory") 1)
      (func (export "alloc") (param i32) (result i32) (i32.const 0)) (func (export "start") (param i32) (result i32) (i32.const 0)))`
    await expect(run(source)).rejects.toThrow(reason)
  })

  it('is refused without start or alloc', async () => {
    const source =
      '(module (memory (export "memory") 1) (func (export "start") (param i32) (result i32) (i32.const 0)))'
    await expect(run(source)).rejects.toThrow('does not export alloc')
  })

  it('may not store more than its limit', async () => {
    const source = wsModule(
      `(loop $l (global.set $at (i32.add (global.get $at) (i32.const 1))) (i32.store (i32.const 512) (global.get $at))
         (drop (call $setDb (i32.const 512) (i32.const 4) (i32.const 0) (i32.const 200000))) (br $l)) (i32.const 0)`,
      '(global $at (mut i32) (i32.const 0))',
    )
    await expect(run(source)).rejects.toThrow(ProgramLimitError)
  })
})
