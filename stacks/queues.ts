import { config } from './deployment.ts'
import { timeouts, visibilityOf } from './timeouts.ts'

/** A queue with the one that its poisoned hints go to. */
export interface QueuePair {
  readonly queue: sst.aws.Queue
  readonly deadLetters: sst.aws.Queue
}

const DAYS = 86_400

/** SQS's longest visibility timeout. */
const MAX_VISIBILITY_S = 12 * 3_600

function pair(name: string, visibilityS: number, tries: number): QueuePair {
  const transform = { queue: { messageRetentionSeconds: 14 * DAYS, sqsManagedSseEnabled: true } }
  const deadLetters = new sst.aws.Queue(`${name}DeadLetters`, { transform })
  const queue = new sst.aws.Queue(name, {
    visibilityTimeout: `${visibilityS} seconds`,
    dlq: { queue: deadLetters.arn, retry: tries },
    transform,
  })
  new aws.sqs.RedriveAllowPolicy(`${name}RedriveAllow`, {
    queueUrl: deadLetters.url,
    redriveAllowPolicy: $jsonStringify({ redrivePermission: 'byQueue', sourceQueueArns: [queue.arn] }),
  })
  return { queue, deadLetters }
}

/** A proof holds its hint by extending its visibility; a prover that dies at once gives it back after the longest proof. */
const proveVisibilityS = Math.min(MAX_VISIBILITY_S, Math.ceil((2 * config.limits.proveTimeoutMs) / 1_000))

/** Steps give up by themselves, and say why; SQS only takes away what kills them without a word. */
const TRIES = 5
/** A prover on spot capacity may be taken away as often as not. */
const proveTries = Math.max(10, 2 * config.limits.maxTries)

/** Hints that a log has a full batch. */
export const pack = pair('Pack', visibilityOf(timeouts.sequencer), TRIES)
/** Tasks for provers without a GPU. */
export const prove = pair('Prove', proveVisibilityS, proveTries)
/** Tasks for provers with a GPU. */
export const proveGpu = config.aws.gpuProvers === null ? null : pair('ProveGpu', proveVisibilityS, proveTries)
/** Tasks that are proven, to be settled. */
export const settle = pair('Settle', visibilityOf(timeouts.settler), TRIES)
/** Parts of the stream that could not be read; the sequencer reads them again. */
export const gaps = pair('Gaps', visibilityOf(timeouts.sequencer), 20)

/** Every queue of this deployment. */
export const queues: Readonly<Record<string, QueuePair>> = {
  Pack: pack,
  Prove: prove,
  ...(proveGpu === null ? {} : { ProveGpu: proveGpu }),
  Settle: settle,
  Gaps: gaps,
}
