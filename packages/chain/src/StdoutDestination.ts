import type { Writable } from 'node:stream'
import type { Delivered, Destination, Outgoing } from '@w3bstream/core/ports'
import { type TaskId, toHex } from '@w3bstream/protocol'

/** Prints each proof as one line of JSON. A task that is delivered again is printed again. */
export class StdoutDestination implements Destination {
  readonly types = ['stdout'] as const
  readonly #out: Writable

  constructor(modules: { readonly out: Writable }) {
    this.#out = modules.out
  }

  async deliver(items: readonly Outgoing[]): Promise<Map<TaskId, Delivered | Error>> {
    const results = new Map<TaskId, Delivered | Error>()
    for (const { record, proof } of items) {
      const show = toHex(proof)
      const line = {
        projectId: String(record.task.projectId),
        version: record.task.version,
        taskId: record.id,
        taskNumber: String(record.task.number),
        proof: show,
      }
      try {
        await print(this.#out, `${JSON.stringify(line)}\n`)
        results.set(record.id, { type: 'delivered', show })
      } catch (error) {
        results.set(record.id, error instanceof Error ? error : new Error(String(error)))
      }
    }
    return results
  }
}

function print(out: Writable, line: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  out.write(line, (error) => (error === null || error === undefined ? resolve() : reject(error)))
  return promise
}
