import type { Delivered, Destination, Outgoing } from '@w3bstream/core/ports'
import { DestinationRefusedError, type Output, type TaskId } from '@w3bstream/protocol'

/** One destination made of several: each item goes to the one for its output's type. */
export class OutputDestinations implements Destination {
  readonly #byType = new Map<Output['type'], Destination>()

  /** @param destinations where two take the same type, the first gets it */
  constructor(destinations: readonly Destination[]) {
    for (const destination of destinations)
      for (const type of destination.types) if (!this.#byType.has(type)) this.#byType.set(type, destination)
  }

  get types(): readonly Output['type'][] {
    return [...this.#byType.keys()]
  }

  async deliver(items: readonly Outgoing[]): Promise<Map<TaskId, Delivered | Error>> {
    const results = new Map<TaskId, Delivered | Error>()
    for (const [type, group] of Map.groupBy(items, (item) => item.output.type)) {
      const destination = this.#byType.get(type)
      if (destination === undefined) {
        const error = new DestinationRefusedError({ destination: type, reason: 'this node has no such output' })
        for (const { record } of group) results.set(record.id, error)
        continue
      }
      for (const [task, delivered] of await destination.deliver(group)) results.set(task, delivered)
    }
    return results
  }
}
