import type { MessageId } from './ids.ts'
import { messageIdInRun, RUN_LENGTH } from './messageRun.ts'
import { platformRandom, type Random } from './random.ts'
import { uuidv7 } from './uuidv7.ts'

/**
 * Version 7 UUIDs for the messages of one sender's batch post: all but their low 10 bits are one {@link uuidv7}, the low bits count from 0.
 * Who knows one of them can guess the others, so messages of several senders must not share a run.
 * @returns the ids, up to 1,000
 */
export function* uuidv7Run(now: number, random: Random = platformRandom): Generator<MessageId, undefined> {
  const first = uuidv7(now, random)
  for (let index = 0; index < RUN_LENGTH; index++) yield messageIdInRun(first, index)
}
