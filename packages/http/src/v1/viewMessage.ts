import type { MessageHistory } from '@w3bstream/core'
import { traceIdOf } from '@w3bstream/protocol'
import type { V1 } from '../client.ts'
import { rfc3339 } from '../reply/rfc3339.ts'
import { viewStates } from './viewStates.ts'

/** @param payload whether the reader may see what the device sent */
export function viewMessage(history: MessageHistory, payload: boolean): V1['Message'] {
  const { message, membership, task } = history
  return {
    messageId: message.id,
    projectId: message.projectId.toString(),
    version: message.version,
    auth: message.auth,
    device: message.device,
    nonce: message.nonce?.toString() ?? null,
    payloadHash: message.payloadHash,
    receivedAt: rfc3339(message.receivedAt),
    state: task?.state ?? 'received',
    traceId: traceIdOf(message.id),
    task:
      membership === null || task === null
        ? null
        : {
            id: membership.task,
            number: task.task.number.toString(),
            index: membership.index,
            traceId: task.trace,
          },
    states: viewStates(history),
    ...(payload ? { data: message.payload, signature: message.signature } : {}),
  }
}
