import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { Append, LogId } from '@w3bstream/core/ports'
import { type Did, type Hash, type Hex, projectId, type TaskId, taskNumber, toHex, uuidv7 } from '@w3bstream/protocol'
import { openStore, type Store } from '../src/index.ts'

/*
 * Does a log stay as fast as it grows? Appends and packs `--count` messages of 100 bytes, signed by `--devices` devices in no order, and prints
 * JSON: rows/s of the first and the last 100,000, by wall clock, and their ratio. The devices count their nonces from 0, or each from anywhere
 * below `--spread`, which is unkind to an index.
 *
 *   node packages/store-sqlite/bench/flatness.ts --count 10000000
 */
const { values } = parseArgs({
  options: {
    count: { type: 'string', default: '10000000' },
    devices: { type: 'string', default: '1000' },
    spread: { type: 'string', default: '1' },
    dir: { type: 'string', default: tmpdir() },
  },
})
const WINDOW = 100_000
/** Messages a call, calls at a time, messages a task. */
const [CALL, CALLS, TASK] = [50, 20, 1_000]
const log: LogId = { projectId: projectId(1), version: '0.1' }
const sequencer: Hex = '0xfedcba9876543210fedcba9876543210fedcba98'
const signature: Hex = toHex(new Uint8Array(65).fill(7))
let seed = 1
/** An integer below a bound, the same ones in every run: Lehmer's generator with Park and Miller's constants. */
function random(below: number): number {
  seed = (seed * 48_271) % 2_147_483_647
  return seed % below
}
const devices = Array.from({ length: Number(values.devices) }, (_, i): { readonly did: Did; nonce: bigint } => ({
  did: `did:io:0x${i.toString(16).padStart(40, '0')}` as Did,
  nonce: BigInt(random(Number(values.spread))),
}))

/** Rows a second of one window. */
interface Window {
  readonly append: number
  readonly pack: number
  readonly both: number
  /** Rows a CPU second of both, all threads: what to compare on a machine that has other work. */
  readonly cpu: number
}

function message(i: number): Append {
  const device = devices[random(devices.length)]
  const payload = `${i}`.padEnd(100, '.')
  return {
    message: {
      id: uuidv7(Date.now()),
      ...log,
      auth: 'device',
      device: device?.did ?? null,
      nonce: device === undefined ? null : device.nonce++,
      payload,
      payloadHash: `0x${createHash('sha256').update(payload).digest('hex')}` as Hash,
      signature,
      receivedAt: Date.now(),
    },
    idempotency: null,
  }
}

async function appendWindow(store: Store, from: number): Promise<number> {
  let ms = 0
  for (let at = from; at < from + WINDOW; at += CALL * CALLS) {
    const calls = Array.from({ length: CALLS }, (_, c) =>
      Array.from({ length: CALL }, (_, i) => message(at + c * CALL + i)),
    )
    const started = performance.now()
    const outcomes = await Promise.all(calls.map((call) => store.messages.append(call)))
    ms += performance.now() - started
    if (outcomes.flat().some(({ type }) => type !== 'appended')) throw new Error('a message was not appended')
  }
  return ms
}

async function packWindow(store: Store): Promise<number> {
  const started = performance.now()
  for (let packed = 0; packed < WINDOW; packed += TASK) {
    const after = await store.tasks.cursor(log)
    const read = await store.messages.read(log, after, { count: TASK, bytes: 1_000_000 })
    const hash = (of: string): Hash => `0x${createHash('sha256').update(`${of}${after}`).digest('hex')}` as Hash
    const created = await store.tasks.create({
      id: hash('id') as unknown as TaskId,
      task: {
        ...log,
        configHash: hash('config'),
        messagesRoot: hash('root'),
        messageCount: read.length,
        inputCommitment: hash('input'),
        sequencer,
        number: taskNumber(sequencer, await store.tasks.nextSequence(log.projectId, sequencer)),
      },
      vmType: 'halo2',
      salt: hash('salt'),
      log,
      after,
      upTo: read.at(-1)?.position ?? after,
      messageIds: read.map((logged) => logged.message.id),
      at: Date.now(),
    })
    if (!created || read.length !== TASK) throw new Error('a task was not packed')
  }
  return performance.now() - started
}

async function run(dir: string, count: number): Promise<Window[]> {
  const store = await openStore({ dir })
  const windows: Window[] = []
  for (let from = 0; from < count; from += WINDOW) {
    const before = process.cpuUsage()
    const appendMs = await appendWindow(store, from)
    const packMs = await packWindow(store)
    const { user, system } = process.cpuUsage(before)
    const rate = (ms: number): number => Math.round((WINDOW * 1_000) / ms)
    windows.push({
      append: rate(appendMs),
      pack: rate(packMs),
      both: rate(appendMs + packMs),
      cpu: rate((user + system) / 1_000),
    })
    process.stderr.write(`${from + WINDOW} ${JSON.stringify(windows.at(-1))}\n`)
  }
  await store.close()
  return windows
}

const dir = mkdtempSync(join(values.dir, 'w3b-flatness-'))
try {
  // Warm code, so that the first window is not slow for that.
  await run(join(dir, 'warm'), WINDOW)
  const count = Math.ceil(Number(values.count) / WINDOW) * WINDOW
  const windows = await run(join(dir, 'measured'), count)
  const [first, last] = [windows[0], windows.at(-1)]
  const ratio = (name: keyof Window): number => Number(((last?.[name] ?? 0) / (first?.[name] ?? 1)).toFixed(3))
  const megabytes = Math.round(statSync(join(dir, 'measured', 'w3bstream.db')).size / 1e6)
  const ratios = { append: ratio('append'), pack: ratio('pack'), both: ratio('both'), cpu: ratio('cpu') }
  console.log(JSON.stringify({ count, devices: devices.length, megabytes, first, last, ratios }))
} finally {
  rmSync(dir, { recursive: true, force: true })
}
