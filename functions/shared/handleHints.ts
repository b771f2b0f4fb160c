import type { Handled, Queue, Telemetry } from '@w3bstream/core'
import { W3bError } from '@w3bstream/protocol'
import { SqsQueue } from '@w3bstream/store-aws'
import type { SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda'

/** Times that a hint is given back: fewer than after which SQS takes it for poisoned. What is dropped then, the sweep sends again. */
export const MAX_RECEIVES = 3

export interface HintHandling {
  /** The queue that the event is from. */
  readonly queue: Queue
  readonly telemetry: Telemetry
  /** @returns one outcome a body; `done` where it has none */
  readonly handle: (bodies: readonly string[]) => Promise<ReadonlyMap<string, Handled>>
}

/**
 * Handles the hints of one SQS event, and answers for each: those that are done go, those to be tried again come back after their own time, those that
 * failed are dead letters with their reason. One that cannot be handled harms no neighbour.
 */
export async function handleHints({ Records }: SQSEvent, o: HintHandling): Promise<SQSBatchResponse> {
  const outcomes = await outcomesOf(
    Records.map(({ body }) => body),
    o,
  )
  const kept = await Promise.all(
    Records.map((record) => isKept(record, outcomes.get(record.body) ?? { type: 'done' }, o)),
  )
  const failures = Records.filter((_, i) => kept[i])
  return { batchItemFailures: failures.map(({ messageId }) => ({ itemIdentifier: messageId })) }
}

async function outcomesOf(bodies: readonly string[], o: HintHandling): Promise<ReadonlyMap<string, Handled>> {
  try {
    return await o.handle(bodies)
  } catch (error) {
    const level = error instanceof W3bError && error.retryable ? 'warn' : 'error'
    o.telemetry.log(level, 'a step broke off', { reason: String(error) })
    return new Map(bodies.map((body) => [body, { type: 'retry', afterMs: 5_000 }]))
  }
}

/** Whether the hint stays in the queue. */
async function isKept(record: SQSRecord, outcome: Handled, o: HintHandling): Promise<boolean> {
  const { body, receiptHandle, attributes } = record
  const delivery = SqsQueue.delivery({
    receipt: receiptHandle,
    body,
    receiveCount: attributes.ApproximateReceiveCount,
  })
  try {
    switch (outcome.type) {
      case 'done':
        return false
      case 'retry':
        if (delivery.receiveCount >= MAX_RECEIVES) return false
        await o.queue.retry(delivery.handle, outcome.afterMs)
        return true
      case 'failed':
        await o.queue.bury(delivery.handle, outcome.reason)
        return false
    }
  } catch (error) {
    // It comes back when its visibility ends.
    o.telemetry.log('warn', 'a hint could not be answered for', { reason: String(error) })
    return true
  }
}
