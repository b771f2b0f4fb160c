import {
  buildReceipt,
  type Domain,
  type Hex,
  type InclusionProof,
  inclusionProof,
  leafBlind,
  type MessageId,
  type Receipt,
  type StateLogEntry,
  type TaskId,
  type TaskRecord,
} from '@w3bstream/protocol'
import { leavesOf } from './packTask.ts'
import type { BlobStore } from './ports/BlobStore.ts'
import type { MessageLog } from './ports/MessageLog.ts'
import type { TaskStore } from './ports/TaskStore.ts'
import type { MessageHistory } from './W3bstream.ts'

export interface QueryPorts {
  readonly messages: MessageLog
  readonly tasks: TaskStore
  readonly blobs: BlobStore
  readonly domain: Domain
}

/** A message and all that happened to it, or null. */
export async function messageHistory(ports: QueryPorts, id: MessageId): Promise<MessageHistory | null> {
  const message = await ports.messages.get(id)
  if (message === null) return null
  const membership = await ports.tasks.membership(id)
  if (membership === null) return { message, membership, states: [], task: null }
  const found = await taskHistory(ports, membership.task)
  return { message, membership, states: found?.states ?? [], task: found?.task ?? null }
}

/** Of a larger proof the log shows the hash of its text alone: every look at its task or messages would bring all of it. `taskProof` has its bytes. */
const MOST_SHOWN_BYTES = 2 ** 20

/** A task with its state log, in which `proved` shows the proof as the runtime returned it, up to 1 MiB of it; or null. */
export async function taskHistory(
  ports: QueryPorts,
  id: TaskId,
): Promise<{ readonly task: TaskRecord; readonly states: readonly StateLogEntry[] } | null> {
  const [task, states] = await Promise.all([ports.tasks.get(id), ports.tasks.states(id)])
  if (task === null) return null
  if (task.proof === null || task.proof.bytes > MOST_SHOWN_BYTES) return { task, states }
  const { raw } = task.proof
  // The log names the blob, so that a long proof is not kept twice.
  const text = await ports.blobs.get(raw)
  if (text === null) return { task, states }
  const result = new TextDecoder().decode(text)
  return { task, states: states.map((entry) => (entry.result === raw ? { ...entry, result } : entry)) }
}

/** A message's Merkle proof with the blind that opens its leaf, or null before it is packed. */
export async function messageInclusion(
  ports: QueryPorts,
  id: MessageId,
): Promise<{ readonly root: Hex; readonly blind: Hex; readonly proof: InclusionProof } | null> {
  const found = await locate(ports, id)
  if (found === null) return null
  const { record, membership, leaves } = found
  return {
    root: record.task.messagesRoot,
    blind: leafBlind(record.salt, id),
    proof: inclusionProof(leaves, membership.index),
  }
}

/** A message's receipt as far as it has come, or null before it is packed. */
export async function messageReceipt(ports: QueryPorts, id: MessageId): Promise<Receipt | null> {
  const found = await locate(ports, id)
  if (found === null) return null
  const { record, membership, leaves, message } = found
  return buildReceipt({
    domain: ports.domain,
    message,
    record,
    index: membership.index,
    leaves,
    states: await ports.tasks.states(record.id),
    outputs: record.proof?.outputs ?? null,
  })
}

/** The proof bytes of a task, or null before it is proved. */
export async function taskProof(ports: QueryPorts, id: TaskId): Promise<Uint8Array | null> {
  const record = await ports.tasks.get(id)
  return record?.proof ? ports.blobs.get(record.proof.blob) : null
}

async function locate(ports: QueryPorts, id: MessageId) {
  const membership = await ports.tasks.membership(id)
  if (membership === null) return null
  const [record, members] = await Promise.all([ports.tasks.get(membership.task), ports.tasks.members(membership.task)])
  if (record === null) return null
  const messages = await ports.messages.envelopes(members)
  const message = messages[membership.index]
  if (message?.id !== id) return null
  return { membership, message, record, leaves: leavesOf(ports.domain, record.salt, messages) }
}
