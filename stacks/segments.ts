import { readStream, sendTo, useState } from './access.ts'
import { common, queueUrls } from './environment.ts'
import { lambda } from './lambda.ts'
import { gaps, pack } from './queues.ts'
import { messages } from './storage.ts'
import { timeouts } from './timeouts.ts'

/** Writes the messages' stream into segments. */
export const segments = lambda('Segments', {
  unit: 'segments',
  memoryMb: 512,
  timeoutS: timeouts.segments,
  environment: { ...common, ...queueUrls('PACK', pack) },
  // The event source sends to `gaps` as the function.
  statements: [...useState({ read: [], write: ['meta', 'logs', 'seg#*'] }), readStream, sendTo(pack, gaps)],
})

new aws.lambda.EventSourceMapping('SegmentsSource', {
  eventSourceArn: messages.nodes.table.streamArn,
  functionName: segments.name,
  startingPosition: 'TRIM_HORIZON',
  batchSize: 1_000,
  maximumBatchingWindowInSeconds: 1,
  // One batch a shard at a time: segments of a log are written one after another.
  parallelizationFactor: 1,
  bisectBatchOnFunctionError: true,
  functionResponseTypes: ['ReportBatchItemFailures'],
  maximumRetryAttempts: 10,
  // Leaves 18 of the stream's 24 hours to repair what is left out.
  maximumRecordAgeInSeconds: 6 * 3_600,
  destinationConfig: { onFailure: { destinationArn: gaps.queue.arn } },
  filterCriteria: { filters: [{ pattern: JSON.stringify({ eventName: ['INSERT'] }) }] },
})
