import type { MessageId } from './ids.ts'

/** Ids in a run: as many as a batch post has messages. */
export const RUN_LENGTH = 1_000

/** A message's run, the ids that share all but its low 10 bits, named by the one of them that is zero there, and the message's index in it. */
export function messageRun(id: MessageId): { readonly run: MessageId; readonly index: number } {
  const low = Number.parseInt(id.slice(-3), 16)
  return { run: replaceLow(id, low & 0xc00), index: low & 0x3ff }
}

/** The id of a run's message. @param id any id of the run @param index below 1,024 */
export function messageIdInRun(id: MessageId, index: number): MessageId {
  return replaceLow(id, (Number.parseInt(id.slice(-3), 16) & 0xc00) | index)
}

const replaceLow = (id: MessageId, low: number): MessageId =>
  (id.slice(0, -3) + low.toString(16).padStart(3, '0')) as MessageId
