import type { LiveEvent, Telemetry } from '@w3bstream/core'
import { projectId, taskId } from '@w3bstream/protocol'
import { describe, expect, it } from 'vitest'
import { TaskChanges } from './TaskChanges.ts'

const SILENT: Telemetry = { count() {}, observe() {}, gauge() {}, log() {}, span: (_, __, run) => run() }
const NEVER = new AbortController().signal
const event: LiveEvent = {
  id: '1',
  taskId: taskId(`0x${'ab'.repeat(32)}`),
  projectId: projectId(1),
  entry: { state: 'packed', at: 0, actor: '', reason: '', result: null },
}

/** A source of events that a test moves by hand. */
function source() {
  let emit: (event: LiveEvent) => void = () => {}
  let fail: (error: Error) => void = () => {}
  let open = 0
  return {
    emit: () => emit(event),
    fail: (error: Error) => fail(error),
    get open() {
      return open
    },
    async *events({ signal }: { readonly signal: AbortSignal }): AsyncGenerator<LiveEvent> {
      open++
      try {
        while (!signal.aborted)
          yield await new Promise<LiveEvent>((resolve, reject) => {
            emit = resolve
            fail = reject
            signal.addEventListener('abort', () => reject(new Error('aborted')))
          })
      } finally {
        open--
      }
    },
  }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

describe('TaskChanges', () => {
  it('wakes those who are concerned, also for what happened since they last looked', async () => {
    const from = source()
    const changes = new TaskChanges({ w3b: from, telemetry: SILENT })
    using concerned = changes.watch(() => true)
    using other = changes.watch(() => false)
    let woken = false
    const waiting = other.changed(60_000, NEVER).then(() => {
      woken = true
    })
    from.emit()
    await turn()
    await concerned.changed(60_000, NEVER)
    expect(woken).toBe(false)
    expect(from.open).toBe(1)
    const stop = new AbortController()
    const again = concerned.changed(60_000, stop.signal)
    stop.abort()
    await again
    other[Symbol.dispose]()
    expect(waiting).toBeInstanceOf(Promise)
  })

  it('ends its subscription with the last watch, and begins a new one with the next', async () => {
    const from = source()
    const changes = new TaskChanges({ w3b: from, telemetry: SILENT })
    changes.watch(() => true)[Symbol.dispose]()
    await turn()
    expect(from.open).toBe(0)
    using watch = changes.watch(() => true)
    from.emit()
    await watch.changed(60_000, NEVER)
    expect(from.open).toBe(1)
  })

  it('lets views go on by their timeouts when the events break off, and says so', async () => {
    const from = source()
    const lines: string[] = []
    const telemetry: Telemetry = { ...SILENT, log: (level, message) => void lines.push(`${level} ${message}`) }
    const changes = new TaskChanges({ w3b: from, telemetry })
    using watch = changes.watch(() => true)
    from.fail(new Error('gone'))
    await turn()
    await watch.changed(1, NEVER)
    expect(lines).toEqual(['warn live events ended'])
  })
})
