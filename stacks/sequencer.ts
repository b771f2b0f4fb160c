import {
  consumeFrom,
  expireMessages,
  expireObjects,
  findTasks,
  listObjects,
  readEndpoints,
  readMessages,
  readStream,
  sendTo,
  useObjects,
  useState,
} from './access.ts'
import { prefix } from './deployment.ts'
import { common, endpoints, queueUrls } from './environment.ts'
import { proverKey, sequencerKey, settlerKey } from './keys.ts'
import { lambda } from './lambda.ts'
import { gaps, pack, prove, proveGpu, settle } from './queues.ts'
import { timeouts } from './timeouts.ts'

/** Packs, assigns and reconciles: each minute, and when a log has a full batch. */
export const sequencer = lambda('Sequencer', {
  unit: 'sequencer',
  memoryMb: 512,
  timeoutS: timeouts.sequencer,
  environment: {
    ...common,
    ...queueUrls('PROVE', prove),
    ...(proveGpu === null ? {} : queueUrls('PROVE_GPU', proveGpu)),
    ...queueUrls('SETTLE', settle),
    ...queueUrls('GAPS', gaps),
    W3B_KEY_SEQUENCER: sequencerKey.id,
    W3B_KEY_SETTLER: settlerKey.id,
    W3B_KEY_PROVER: proverKey.id,
    ...endpoints,
  },
  statements: [
    readMessages,
    expireMessages,
    readStream,
    ...useState({
      read: [],
      write: [
        'meta',
        'logs',
        'seg#*',
        'ranges#*',
        'sequences#*',
        'numbers#*',
        'task#*',
        'exports#*',
        'nonces#*',
        'spends#*',
        'projects',
        'cursors',
      ],
    }),
    findTasks,
    useObjects,
    listObjects,
    expireObjects,
    sendTo(prove, settle, ...(proveGpu === null ? [] : [proveGpu])),
    ...consumeFrom(pack, gaps),
    sequencerKey.sign,
    // It replaces transactions that are stuck, and names the prover in assignments.
    settlerKey.sign,
    proverKey.know,
    readEndpoints,
  ],
})

new aws.lambda.EventSourceMapping('PackSource', {
  eventSourceArn: pack.queue.arn,
  functionName: sequencer.name,
  batchSize: 10,
  functionResponseTypes: ['ReportBatchItemFailures'],
  scalingConfig: { maximumConcurrency: 2 },
})

const everyMinute = new aws.cloudwatch.EventRule('EveryMinute', {
  name: `${prefix}-every-minute`,
  scheduleExpression: 'rate(1 minute)',
})

new aws.lambda.Permission('EveryMinutePermission', {
  action: 'lambda:InvokeFunction',
  function: sequencer.name,
  principal: 'events.amazonaws.com',
  sourceArn: everyMinute.arn,
})

new aws.cloudwatch.EventTarget('EveryMinuteTarget', {
  rule: everyMinute.name,
  arn: sequencer.arn,
  // A run that is late is the next one's work.
  retryPolicy: { maximumRetryAttempts: 0, maximumEventAgeInSeconds: 60 },
})
