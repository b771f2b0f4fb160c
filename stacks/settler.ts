import {
  consumeFrom,
  findTasks,
  listObjects,
  readEndpoints,
  readMessages,
  sendTo,
  useObjects,
  useState,
} from './access.ts'
import { config } from './deployment.ts'
import { common, endpoints, queueUrls } from './environment.ts'
import { settlerKey } from './keys.ts'
import { lambda } from './lambda.ts'
import { settle } from './queues.ts'
import { timeouts } from './timeouts.ts'

/** Signs, stores and broadcasts settlements. */
export const settler = lambda('Settler', {
  unit: 'settler',
  memoryMb: 512,
  timeoutS: timeouts.settler,
  environment: { ...common, ...queueUrls('SETTLE', settle), W3B_KEY_SETTLER: settlerKey.id, ...endpoints },
  statements: [
    readMessages,
    ...useState({ read: ['seg#*'], write: ['meta', 'task#*', 'nonces#*', 'spends#*', 'projects'] }),
    findTasks,
    useObjects,
    listObjects,
    sendTo(settle),
    ...consumeFrom(settle),
    settlerKey.sign,
    readEndpoints,
  ],
  reserved: config.aws.settlers,
})

new aws.lambda.EventSourceMapping('SettleSource', {
  eventSourceArn: settle.queue.arn,
  functionName: settler.name,
  batchSize: 10,
  functionResponseTypes: ['ReportBatchItemFailures'],
  scalingConfig: { maximumConcurrency: config.aws.settlers },
})
