import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  assignTask,
  type ExpireLimits,
  type ExpirePorts,
  expireMessages,
  packTask,
  proveTask,
  settleTasks,
} from '@w3bstream/core'
import { Sequencer } from '@w3bstream/local'
import { type MessageId, type ProjectId, projectId, verifyReceipt } from '@w3bstream/protocol'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { embeddedCore } from '../support/embeddedCore.ts'
import { projectFile } from '../support/projectFile.ts'
import { tempDir } from '../support/tempDir.ts'
import { until } from '../support/until.ts'

const ONE = projectId(1n)
const TWO = projectId(2n)
const DAY_MS = 86_400_000
const LIMITS: ExpireLimits = { count: 100, bytes: 1_000_000, batches: 4 }
const PROVE = { timeoutMs: 60_000, memoryBytes: 2 ** 28, leaseMs: 10_000, maxTries: 3, worker: 'w1' }
const running = new AbortController().signal
const SEQUENCER = {
  limits: { graceMs: 60_000, proveTimeoutMs: 60_000, overtimeMs: 60_000, maxAttempts: 3, batch: 100 },
  everyMs: 5,
  followMs: 5,
  settledMs: 5,
}

async function core(projects: Readonly<Record<string, Uint8Array>>) {
  const dir = tempDir()
  const made = await embeddedCore(dir, projects)
  onTestFinished(() => made.close())
  const { modules, store, w3b, prove, settle } = made
  const warnings = vi.fn()
  const ports = {
    ...modules,
    exports: store.exports,
    telemetry: {
      ...modules.telemetry,
      log: (level: string, message: string, fields?: object) => {
        if (level !== 'debug') warnings(level, message, fields)
      },
    },
  } satisfies ExpirePorts
  const send = async (project: ProjectId, version: string | null, payload: string): Promise<MessageId> => {
    const [outcome] = await w3b.ingest([
      {
        projectId: project,
        version,
        payload,
        credential: { type: 'none' },
        idempotencyKey: null,
        source: '127.0.0.1',
      },
    ])
    if (!outcome?.accepted) throw new Error('refused')
    return outcome.id
  }
  /** Sends a message and takes its task to its end. */
  const finish = async (project: ProjectId, version: string, payload: string): Promise<MessageId> => {
    const message = await send(project, version, payload)
    const id = await packTask(modules, { projectId: project, version })
    const record = id === null ? null : await modules.tasks.get(id)
    if (record === null) throw new Error('not packed')
    await assignTask(modules, record, 60_000)
    await proveTask(prove, PROVE, record.id, running)
    await settleTasks(settle, { maxTries: 3 }, [record.id])
    expect((await modules.tasks.get(record.id))?.state).toBe('finalized')
    return message
  }
  const payloadOf = async (id: MessageId) => (await modules.messages.get(id))?.payload
  return { ...made, dir, ports, warnings, send, finish, payloadOf }
}

const kept = (days: number | null, ...versions: string[]): Uint8Array => {
  const file = JSON.parse(Buffer.from(projectFile({ retentionDays: days })).toString())
  const [version] = file.versions
  return new TextEncoder().encode(
    JSON.stringify({
      defaultVersion: versions[0],
      versions: versions.map((name) => ({ ...version, version: name })),
    }),
  )
}

describe('retention', () => {
  it('exports what is old, deletes it, and leaves a receipt that checks', async () => {
    const { ports, clock, store, dir, w3b, finish, payloadOf } = await core({ '1': kept(7, '0.1') })
    const payload = 'é"\n'.repeat(9_000)
    const ids = [await finish(ONE, '0.1', '{"t":1}'), await finish(ONE, '0.1', payload)]
    const [small, large] = ids
    if (small === undefined || large === undefined) throw new Error('two were sent')
    const before = { receipt: await w3b.receipt(large), inclusion: await w3b.inclusion(large) }

    clock.advance(7 * DAY_MS)
    expect(await expireMessages(ports, LIMITS, running)).toBe(0)
    clock.advance(1)
    const messages = await ports.messages.getMany(ids)
    expect(await expireMessages(ports, LIMITS, running)).toBe(2)
    expect(await expireMessages(ports, LIMITS, running)).toBe(0)

    expect([await payloadOf(small), await payloadOf(large)]).toEqual(['', ''])
    expect(
      readdirSync(join(dir, 'data/payloads'), { recursive: true, withFileTypes: true }).filter((e) => e.isFile()),
    ).toEqual([])
    const after = await w3b.receipt(large)
    expect(after).toEqual(before.receipt)
    expect(await w3b.inclusion(large)).toEqual(before.inclusion)
    expect(verifyReceipt(JSON.parse(JSON.stringify(after)), { payload })).toMatchObject({ ok: true })

    const [record, ...others] = await store.messages.exports(ONE)
    if (record === undefined) throw new Error('nothing was exported')
    expect(others).toEqual([])
    expect(record).toMatchObject({
      log: { projectId: ONE, version: '0.1' },
      messages: 2,
      oldestAt: messages[0]?.receivedAt,
      newestAt: messages[1]?.receivedAt,
      at: clock.now(),
    })
    const hex = record.blob.slice(2)
    const bytes = readFileSync(join(dir, 'data/exports', hex.slice(0, 2), hex))
    expect(createHash('sha256').update(bytes).digest('hex')).toBe(hex)
    expect(bytes.length).toBe(record.bytes)
    const lines = bytes.toString().split('\n')
    expect(lines.pop()).toBe('')
    const tasks = await Promise.all(ids.map(async (id) => (await store.tasks.membership(id))?.task))
    expect(lines.map((line) => JSON.parse(line))).toEqual(
      messages.map(({ id, ...message }, i) => ({
        ...message,
        messageId: id,
        projectId: '1',
        taskId: tasks[i],
      })),
    )
  })

  it('leaves alone what waits, what is on its way, and versions and projects that keep everything', async () => {
    const { ports, clock, send, finish, payloadOf, modules } = await core({
      '1': kept(1, '0.1'),
      '2': kept(null, '0.1'),
    })
    const expired = await finish(ONE, '0.1', 'expired')
    const elsewhere = await finish(TWO, '0.1', 'elsewhere')
    const packed = await send(ONE, '0.1', 'packed')
    await packTask(modules, { projectId: ONE, version: '0.1' })
    const waiting = await send(ONE, '0.1', 'waiting')
    clock.advance(400 * DAY_MS)
    expect(await expireMessages(ports, LIMITS, running)).toBe(1)
    expect(await Promise.all([expired, elsewhere, packed, waiting].map(payloadOf))).toEqual([
      '',
      'elsewhere',
      'packed',
      'waiting',
    ])
  })

  it('keeps a version that the file no longer names as long as the default one', async () => {
    const { ports, clock, finish, payloadOf, projectsDir, w3b } = await core({ '1': kept(null, '0.1', '0.2') })
    const id = await finish(ONE, '0.2', 'old')
    clock.advance(10 * DAY_MS)
    expect(await expireMessages(ports, LIMITS, running)).toBe(0)
    writeFileSync(join(projectsDir, '1'), kept(3, '0.1'))
    await expect.poll(async () => (await w3b.project(ONE)).config.versions).toHaveLength(1)
    expect(await expireMessages(ports, LIMITS, running)).toBe(1)
    expect(await payloadOf(id)).toBe('')
  })

  it('passes over a project whose file is gone, and says so', async () => {
    const { ports, clock, finish, payloadOf, projectsDir, w3b, warnings } = await core({
      '1': kept(1, '0.1'),
      '2': kept(1, '0.1'),
    })
    const [gone, other] = [await finish(ONE, '0.1', 'gone'), await finish(TWO, '0.1', 'other')]
    rmSync(join(projectsDir, '1'))
    await expect.poll(() => w3b.project(ONE).catch((error) => error.code)).toBe('PROJECT_NOT_FOUND')
    clock.advance(2 * DAY_MS)
    expect(await expireMessages(ports, LIMITS, running)).toBe(1)
    expect([await payloadOf(gone), await payloadOf(other)]).toEqual(['gone', ''])
    expect(warnings).toHaveBeenCalledExactlyOnceWith('warn', 'retention was passed over', {
      project: '1',
      version: '0.1',
      reason: expect.stringContaining('1'),
    })
  })

  it('deletes nothing that it could not export', async () => {
    const { ports, clock, finish, payloadOf, store } = await core({ '1': kept(1, '0.1') })
    const id = await finish(ONE, '0.1', 'kept')
    clock.advance(2 * DAY_MS)
    const full = { ...ports.exports, put: () => Promise.reject(new Error('no space left')) }
    await expect(expireMessages({ ...ports, exports: full }, LIMITS, running)).rejects.toThrow('no space left')
    expect(await payloadOf(id)).toBe('kept')
    expect(await store.messages.exports(ONE)).toEqual([])
  })

  it('takes so many batches a call and goes on with the next', async () => {
    const { ports, clock, finish, store } = await core({ '1': kept(1, '0.1') })
    for (const payload of ['a', 'b', 'c', 'd', 'e']) await finish(ONE, '0.1', payload)
    clock.advance(2 * DAY_MS)
    const limits = { count: 1, bytes: 1_000, batches: 2 }
    const deleted: number[] = []
    for (const _ of 'four') deleted.push(await expireMessages(ports, limits, running))
    expect(deleted).toEqual([2, 2, 1, 0])
    expect((await store.messages.exports(ONE)).map(({ messages }) => messages)).toEqual([1, 1, 1, 1, 1])
  })

  it('stops when it is told to', async () => {
    const { ports, clock, finish, payloadOf } = await core({ '1': kept(1, '0.1') })
    const id = await finish(ONE, '0.1', 'kept')
    clock.advance(2 * DAY_MS)
    expect(await expireMessages(ports, LIMITS, AbortSignal.abort())).toBe(0)
    expect(await payloadOf(id)).toBe('kept')
  })
})

describe('the sequencer', () => {
  it('deletes what is old when it starts, and later what has grown old', async () => {
    const { ports, clock, finish, payloadOf } = await core({ '1': kept(1, '0.1') })
    const id = await finish(ONE, '0.1', 'a')
    clock.advance(2 * DAY_MS)
    const sequencer = new Sequencer(ports, SEQUENCER)
    onTestFinished(() => sequencer.close())
    await until('the payload to be deleted', async () => (await payloadOf(id)) === '')
    const later = await finish(ONE, '0.1', 'b')
    clock.advance(2 * DAY_MS)
    await until('the payload to be deleted', async () => (await payloadOf(later)) === '')
  })

  it('lets messages of a version that is gone wait, warns now and then, and goes on when it is back', async () => {
    const { ports, clock, send, projectsDir, w3b, warnings } = await core({ '1': kept(null, '0.1', '0.2') })
    const id = await send(ONE, '0.2', 'waits')
    writeFileSync(join(projectsDir, '1'), kept(null, '0.1'))
    await expect.poll(async () => (await w3b.project(ONE)).config.versions).toHaveLength(1)
    const looks = vi.spyOn(ports.messages, 'waiting')
    const sequencer = new Sequencer(ports, SEQUENCER)
    onTestFinished(() => sequencer.close())
    await until('a warning', () => warnings.mock.calls.length > 0)
    const looked = looks.mock.calls.length
    await until('more looks at the log', () => looks.mock.calls.length > looked + 20)
    expect(warnings).toHaveBeenCalledExactlyOnceWith('warn', 'packing failed', {
      project: '1',
      version: '0.2',
      reason: expect.stringContaining('0.2'),
    })
    writeFileSync(join(projectsDir, '1'), kept(null, '0.1', '0.2'))
    await expect.poll(async () => (await w3b.project(ONE)).config.versions).toHaveLength(2)
    clock.advance(60_000)
    await until('the task', () => ports.tasks.membership(id))
  })
})
