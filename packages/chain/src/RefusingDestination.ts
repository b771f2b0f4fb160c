import type { Delivered, Destination, Outgoing } from '@w3bstream/core/ports'
import { DestinationRefusedError, type Output, type TaskId } from '@w3bstream/protocol'

/** Outputs that project files may name and this software does not deliver to: the task fails and says so. */
export class RefusingDestination implements Destination {
  readonly types: readonly Output['type'][]

  constructor(types: readonly Output['type'][] = ['solanaProgram', 'textile']) {
    this.types = types
  }

  async deliver(items: readonly Outgoing[]): Promise<Map<TaskId, Delivered | Error>> {
    return new Map(
      items.map(({ record, output }) => [
        record.id,
        new DestinationRefusedError({ destination: output.type, reason: 'this release has no such output' }),
      ]),
    )
  }
}
