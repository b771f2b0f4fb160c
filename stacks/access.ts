import type { QueuePair } from './queues.ts'
import type { Statement } from './roles.ts'
import { secretParameter } from './secrets.ts'
import { bucket, messages, state } from './storage.ts'

const READ = ['dynamodb:GetItem', 'dynamodb:BatchGetItem', 'dynamodb:Query']
const WRITE = ['dynamodb:PutItem', 'dynamodb:UpdateItem', 'dynamodb:DeleteItem', 'dynamodb:ConditionCheckItem']

/** To read messages. */
export const readMessages: Statement = {
  actions: ['dynamodb:GetItem', 'dynamodb:BatchGetItem'],
  resources: [messages.arn],
}

/** To accept messages; none is changed afterwards. */
export const writeMessages: Statement = {
  actions: ['dynamodb:PutItem', 'dynamodb:ConditionCheckItem'],
  resources: [messages.arn],
}

/** To take the payloads out of messages whose time is over. */
export const expireMessages: Statement = {
  actions: ['dynamodb:UpdateItem', 'dynamodb:DeleteItem'],
  resources: [messages.arn],
}

/** Of the state table, only items whose partition keys begin so: packages/store-aws/README.md says what lies where. */
const ofState = (actions: readonly string[], partitions: readonly string[]): Statement => ({
  actions,
  resources: [state.arn],
  conditions: { 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': partitions } },
})

/**
 * To read and write parts of the state table, each by the beginning of its partition keys. What is written may be read; `meta` may be read by all, since it
 * has the tables' format.
 */
export const useState = (parts: {
  readonly read: readonly string[]
  readonly write: readonly string[]
}): readonly Statement[] => [
  ofState(READ, [...new Set(['meta', ...parts.write, ...parts.read])]),
  ofState(WRITE, parts.write),
]

/** To find tasks by their state, project or age: indexes have nothing else. */
export const findTasks: Statement = { actions: ['dynamodb:Query'], resources: [$interpolate`${state.arn}/index/*`] }

/** To read the messages' stream. */
export const readStream: Statement = {
  actions: ['dynamodb:DescribeStream', 'dynamodb:GetShardIterator', 'dynamodb:GetRecords', 'dynamodb:ListStreams'],
  resources: [messages.nodes.table.streamArn],
}

/** To read objects, and to put them where none is. */
export const useObjects: Statement = {
  actions: ['s3:GetObject', 's3:PutObject'],
  resources: ['blobs', 'batches', 'exports'].map((part) => $interpolate`${bucket.arn}/${part}/*`),
}

/** To learn that an object is not there, which S3 tells only who may list. */
export const listObjects: Statement = { actions: ['s3:ListBucket'], resources: [bucket.arn] }

/** To delete payloads that a refused repetition has brought: the bucket keeps what was there before, and who may put could replace it anyway. */
export const dropPayloads: Statement = {
  actions: ['s3:DeleteObject'],
  resources: [$interpolate`${bucket.arn}/batches/*`],
}

/** To delete objects whose time is over. */
export const expireObjects: Statement = {
  actions: ['s3:DeleteObject'],
  resources: ['blobs', 'batches', 'exports'].map((part) => $interpolate`${bucket.arn}/${part}/*`),
}

/** To give hints. */
export const sendTo = (...pairs: readonly QueuePair[]): Statement => ({
  actions: ['sqs:SendMessage'],
  resources: pairs.map(({ queue }) => queue.arn),
})

/** To take hints, and to put away those that are poisoned. */
export const consumeFrom = (...pairs: readonly QueuePair[]): readonly Statement[] => [
  {
    actions: ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:ChangeMessageVisibility', 'sqs:GetQueueAttributes'],
    resources: pairs.map(({ queue }) => queue.arn),
  },
  {
    actions: ['sqs:SendMessage', 'sqs:GetQueueAttributes'],
    resources: pairs.map(({ deadLetters }) => deadLetters.arn),
  },
]

/** To read the chains' endpoints. */
export const readEndpoints: Statement = {
  actions: ['ssm:GetParameter'],
  resources: [secretParameter('RpcUrls').arn],
}
