import { createHash } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { LocalSigner } from '@w3bstream/chain'
import {
  didOfAddress,
  type Hash,
  messageDigest,
  parseDeploymentConfig,
  type TaskState,
  toHex,
} from '@w3bstream/protocol'
import { DynamoMessageLog, DynamoTaskStore, openState } from '@w3bstream/store-aws'
import { streamPump } from '@w3bstream/store-aws/testing'
import type { LambdaFunctionURLEvent, SQSBatchResponse, SQSEvent } from 'aws-lambda'
import { createLambda, type IngestLambda } from '../../../functions/ingest/createLambda.ts'
import { startNode } from '../../../functions/node/startNode.ts'
import { startProver } from '../../../functions/prover/startProver.ts'
import { segmentsHandler } from '../../../functions/sequencer/segmentsHandler.ts'
import { type SequenceEvent, sequenceHandler } from '../../../functions/sequencer/sequenceHandler.ts'
import { settleHandler } from '../../../functions/settler/settleHandler.ts'
import { InstantRuntime } from '../../support/InstantRuntime.ts'
import type { Deployed } from './Deployed.ts'
import { atMemory, Invocations } from './Invocations.ts'
import { add, times, type Usage } from './prices.ts'
import { type Call, usageOf } from './WireRecorder.ts'

/** What one way of sending costs, a message. */
export interface Ingested {
  readonly name: string
  /** Messages a request. */
  readonly batch: number
  /** Whether devices sign. */
  readonly signed: boolean
  /** At the entrance: calls of AWS, the function, its logs, its traces. */
  readonly entrance: Usage
  /** On the stream. */
  readonly order: Usage
  /** HTTP requests, and bytes each way with their headers, a message. */
  readonly http: { readonly requests: number; readonly bytesIn: number; readonly bytesOut: number }
  /** Milliseconds billed a request, and of these the processor's at its full speed. */
  readonly billedMs: number
  readonly cpuMs: number
  /** Calls of AWS by kind, a message. */
  readonly calls: readonly Call[]
}

export interface Measured {
  readonly ingested: readonly Ingested[]
  /** On the stream, of a message that comes alone: its call and its segment are its own. */
  readonly orderAlone: Usage
  readonly tasks: number
  /** Each unit's part of one task from packed to final. */
  readonly proof: Readonly<Record<'sequencer' | 'prover' | 'settler', Usage>>
  readonly proofCalls: Readonly<Record<'sequencer' | 'prover' | 'settler', readonly Call[]>>
  /** One run of the schedule while nothing waits. */
  readonly sweep: Usage
  readonly sweepCalls: readonly Call[]
  /** Custom metrics that it writes. */
  readonly idleMetrics: number
  /** A second of the node while nothing waits. */
  readonly nodeSecond: Usage
}

export interface MeasureOptions {
  /** Of each way of sending. */
  readonly messages: number
  readonly nodeSeconds: number
  readonly say: (line: string) => void
}

/** Time of one call from a function in the same region: no emulator knows it. From AWS's statements of single-digit milliseconds, and common experience. */
export const LATENCY_MS: Readonly<Record<Call['service'], number>> = { dynamodb: 5, s3: 30, sqs: 10, kms: 15, ssm: 15 }
/** Records of the stream that a call gets: as at a hundred messages a second, with a window of one. */
export const STREAM_RECORDS = 100
/** Requests of one instance between two lines of metrics: as at ten a second. */
const REQUESTS_A_FLUSH = 100
/** A line of metrics with its log event. */
const FLUSH_BYTES = 450
/** Headers of a request and of an answer over HTTP/2, at most. */
const HEADER_BYTES = { in: 800, out: 400 } as const
const PAYLOAD_BYTES = 1_024
const GB = 1e9
const CPU_REQUESTS = 200
/** Messages that are sent with nothing beside them. */
const ALONE = 10
const WAIT_MS = 180_000
const LATER = { getRemainingTimeInMillis: () => 55_000 }
const ENDED: readonly TaskState[] = ['finalized', 'failed']

/** Runs messages from the entrance to a final settlement through the real units, and counts what each asks of AWS. */
export async function measure(deployed: Deployed, o: MeasureOptions): Promise<Measured> {
  const config = parseDeploymentConfig(JSON.parse(deployed.variables('ingest').W3B_CONFIG ?? ''))
  const { memoryMb } = config.aws.ingest
  const { recorders } = deployed
  const invocations = {
    segments: new Invocations(512),
    sequencer: new Invocations(512),
    prover: new Invocations(0),
    settler: new Invocations(512),
  }
  const lambda = createLambda(deployed.variables('ingest'), () => {})
  const sequencer = sequenceHandler(deployed.variables('sequencer'))
  const segments = segmentsHandler(deployed.variables('segments'))
  const settler = settleHandler(deployed.variables('settler'))
  const sweep = () => invocations.sequencer.run(() => sequencer(SCHEDULED, LATER))
  const sender = new Sender(deployed)

  // The registry is read, stores are open, and the log is known before anything counts.
  await sweep()
  const gate = new Gate()
  const pump = streamPump(deployed.direct, {
    table: deployed.messagesTable,
    batchSize: STREAM_RECORDS,
    handler: async (event) => {
      await gate.passed()
      // What the emulator says of a record is what Lambda would.
      return invocations.segments.run(() => segments(event as Parameters<typeof segments>[0]))
    },
  })
  try {
    await post(lambda, await sender.single(false))
    gate.open()
    await pump.drained()
    await sweep()

    const ingested: Ingested[] = []
    for (const { name, batch, signed } of WAYS) {
      o.say(`${name}: ${o.messages} messages`)
      const posts = Math.max(1, Math.round(o.messages / batch))
      const make = () => (batch === 1 ? sender.single(signed) : sender.batch(batch, signed))
      const events: LambdaFunctionURLEvent[] = []
      for (let i = 0; i < posts; i++) events.push(await make())
      gate.close()
      recorders.ingest.take()
      recorders.segments.take()
      invocations.segments.take()
      const bytes = { in: 0, out: 0 }
      for (let at = 0; at < events.length; at += 8)
        await Promise.all(
          events.slice(at, at + 8).map(async (event) => {
            const answer = await post(lambda, event)
            bytes.in += (event.body?.length ?? 0) * 0.75 + HEADER_BYTES.in
            bytes.out += answer.length + HEADER_BYTES.out
          }),
        )
      const calls = recorders.ingest.take()
      const requests = Math.max(3, Math.ceil(CPU_REQUESTS / batch))
      const cpuMs = await processorMs(deployed, requests, make)
      gate.open()
      await pump.drained()
      const ordered = (posts + 2 * requests) * batch
      const waitedMs = calls.reduce((sum, call) => sum + call.calls * LATENCY_MS[call.service], 0) / posts
      const billedMs = Math.ceil(atMemory(cpuMs, memoryMb) + waitedMs)
      const each: Usage = {
        'lambda.request': 1,
        'lambda.compute': (billedMs * memoryMb) / 1024 / 1_000,
        'logs.ingest': FLUSH_BYTES / REQUESTS_A_FLUSH / GB,
        'xray.trace': config.traceRate,
      }
      const count = posts * batch
      ingested.push({
        name,
        batch,
        signed,
        entrance: add(times(usageOf(calls), 1 / count), times(each, 1 / batch)),
        order: times(add(usageOf(recorders.segments.take()), invocations.segments.take()), 1 / ordered),
        http: { requests: 1 / batch, bytesIn: bytes.in / count, bytesOut: bytes.out / count },
        billedMs,
        cpuMs,
        calls: calls.map((call) => scaled(call, 1 / count)),
      })
    }
    const proof = await measureProofs(deployed, { invocations, sequencer, settler, sweep, say: o.say })

    o.say('messages that come alone')
    recorders.segments.take()
    invocations.segments.take()
    for (let i = 0; i < ALONE; i++) {
      await post(lambda, await sender.single(false))
      await pump.drained()
    }
    const orderAlone = times(add(usageOf(recorders.segments.take()), invocations.segments.take()), 1 / ALONE)
    o.say('idle')
    recorders.sequencer.take()
    invocations.sequencer.take()
    const runs = 10
    for (let i = 0; i < runs; i++) await sweep()
    const sweepCalls = recorders.sequencer.take()
    const idleMetrics = countMetrics(invocations.sequencer.lines)
    const sweepUsage = times(add(usageOf(sweepCalls), invocations.sequencer.take()), 1 / runs)
    const nodeSecond = await measureNode(deployed, o.nodeSeconds)
    return {
      ingested,
      orderAlone,
      ...proof,
      sweep: sweepUsage,
      idleMetrics,
      sweepCalls: sweepCalls.map((call) => scaled(call, 1 / runs)),
      nodeSecond,
    }
  } finally {
    gate.open()
    await pump.stop()
  }
}

const WAYS = [
  { name: 'single, unsigned', batch: 1, signed: false },
  { name: 'single, signed', batch: 1, signed: true },
  { name: 'batches of 100', batch: 100, signed: false },
  { name: 'batches of 1,000', batch: 1_000, signed: false },
  { name: 'batches of 100, signed', batch: 100, signed: true },
] as const

const SCHEDULED: SequenceEvent = {
  version: '0',
  id: 'minute',
  'detail-type': 'Scheduled Event',
  source: 'aws.events',
  account: '000000000000',
  time: '2026-11-22T00:00:00Z',
  region: 'us-east-1',
  resources: [],
  detail: {},
}

interface Pipeline {
  readonly invocations: Readonly<Record<'sequencer' | 'prover' | 'settler', Invocations>>
  readonly sequencer: (event: SequenceEvent, context: typeof LATER) => Promise<SQSBatchResponse | undefined>
  readonly settler: (event: SQSEvent) => Promise<SQSBatchResponse>
  readonly sweep: () => Promise<unknown>
  readonly say: (line: string) => void
}

async function measureProofs(
  deployed: Deployed,
  { invocations, sequencer, settler, sweep, say }: Pipeline,
): Promise<Pick<Measured, 'tasks' | 'proof' | 'proofCalls'>> {
  const { recorders } = deployed
  const tasks = await openTasks(deployed)
  const stateCounts = async (): Promise<Map<TaskState, number>> => {
    const counts = new Map<TaskState, number>()
    for (const { state } of (await tasks.list({ projectId: deployed.projectId, limit: 200 })).tasks)
      counts.set(state, (counts.get(state) ?? 0) + 1)
    return counts
  }
  for (const unit of ['sequencer', 'prover', 'settler'] as const) recorders[unit].take()
  invocations.sequencer.take()
  // What Lambda itself asks of SQS for its functions: to receive a batch, and to delete what is done.
  const polls = { pack: 0, settle: 0 }
  while ((await deliver(deployed, 'pack', (event) => invocations.sequencer.run(() => sequencer(event, LATER)))) > 0)
    polls.pack += 2
  await sweep()
  const total = [...(await stateCounts()).values()].reduce((sum, count) => sum + count, 0)
  say(`${total} tasks`)
  await invocations.prover.run(async () => {
    const runtimes = new Map([['halo2', new InstantRuntime()] as const])
    const prover = await startProver(deployed.variables('prover'), { runtimes })
    try {
      await until(async () => (await stateCounts()).get('assigned') === undefined)
    } finally {
      await prover.close()
    }
  })
  await until(async () => {
    if ((await deliver(deployed, 'settle', (event) => invocations.settler.run(() => settler(event)))) > 0)
      polls.settle += 2
    await deployed.mine(64)
    await sweep()
    const counts = await stateCounts()
    return [...counts.keys()].every((state) => ENDED.includes(state))
  })
  const failed = (await stateCounts()).get('failed') ?? 0
  if (failed > 0) throw new Error(`${failed} of ${total} tasks failed`)
  const calls = {
    sequencer: recorders.sequencer.take(),
    prover: recorders.prover.take(),
    settler: recorders.settler.take(),
  }
  const perTask = (usage: Usage): Usage => times(usage, 1 / total)
  const scaledCalls = (some: readonly Call[]): Call[] => some.map((call) => scaled(call, 1 / total))
  return {
    tasks: total,
    proof: {
      sequencer: perTask(add(usageOf(calls.sequencer), invocations.sequencer.take(), { 'sqs.request': polls.pack })),
      // A container: its compute is reckoned apart.
      prover: perTask(add(usageOf(calls.prover), { 'logs.ingest': invocations.prover.take()['logs.ingest'] ?? 0 })),
      settler: perTask(add(usageOf(calls.settler), invocations.settler.take(), { 'sqs.request': polls.settle })),
    },
    proofCalls: {
      sequencer: scaledCalls(calls.sequencer),
      prover: scaledCalls(calls.prover),
      settler: scaledCalls(calls.settler),
    },
  }
}

async function measureNode(deployed: Deployed, seconds: number): Promise<Usage> {
  const recorder = deployed.recorders.node
  const logs = new Invocations(0)
  return logs.run(async () => {
    const node = await startNode(deployed.variables('node'))
    try {
      await until(async () => node.isLeading())
      await pause(2_000)
      recorder.take()
      logs.take()
      await pause(seconds * 1_000)
      const written = { 'logs.ingest': logs.take()['logs.ingest'] ?? 0 }
      return times(add(usageOf(recorder.take()), written), 1 / seconds)
    } finally {
      await node.close()
    }
  })
}

/** Milliseconds of a processor that one request takes, without the recorder, which shares this process. */
async function processorMs(
  deployed: Deployed,
  requests: number,
  make: () => Promise<LambdaFunctionURLEvent>,
): Promise<number> {
  const lambda = createLambda(deployed.variables('ingest', false), () => {})
  const events: LambdaFunctionURLEvent[] = []
  for (let i = 0; i < 2 * requests; i++) events.push(await make())
  for (const event of events.slice(0, requests)) await post(lambda, event)
  const before = process.cpuUsage()
  for (const event of events.slice(requests)) await post(lambda, event)
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1_000 / requests
}

/** Makes the events of a function URL, with messages that each differ. */
class Sender {
  readonly #deployed: Deployed
  readonly #device = LocalSigner.generate()
  #sent = 0

  constructor(deployed: Deployed) {
    this.#deployed = deployed
  }

  async single(signed: boolean): Promise<LambdaFunctionURLEvent> {
    return eventOf('/v1/messages', signed ? await this.#signed() : this.#message())
  }

  async batch(count: number, signed: boolean): Promise<LambdaFunctionURLEvent> {
    const messages: unknown[] = []
    for (let i = 0; i < count; i++) messages.push(signed ? await this.#signed() : this.#message())
    return eventOf('/v1/messages/batch', { messages })
  }

  #message() {
    const start = `{"t":${this.#sent % 10},"n":${this.#sent++},"pad":"`
    return {
      projectId: String(this.#deployed.projectId),
      data: `${start}${'x'.repeat(PAYLOAD_BYTES - start.length - 2)}"}`,
    }
  }

  async #signed() {
    const message = this.#message()
    const { domain, projectId } = this.#deployed
    const device = didOfAddress(this.#device.address)
    const nonce = BigInt(this.#sent)
    const payloadHash = toHex(createHash('sha256').update(message.data).digest()) as Hash
    const digest = messageDigest(domain, { projectId, version: '0.1', device, nonce, payloadHash })
    return { ...message, version: '0.1', device, nonce: String(nonce), signature: await this.#device.sign(digest) }
  }
}

function eventOf(path: string, body: unknown): LambdaFunctionURLEvent {
  const host = 'cost.lambda-url.us-east-1.on.aws'
  return {
    version: '2.0',
    routeKey: '$default',
    rawPath: path,
    rawQueryString: '',
    headers: { host, 'content-type': 'application/json', 'x-forwarded-proto': 'https' },
    requestContext: {
      accountId: 'anonymous',
      apiId: 'cost',
      domainName: host,
      domainPrefix: 'cost',
      http: { method: 'POST', path, protocol: 'HTTP/1.1', sourceIp: '192.0.2.9', userAgent: 'device' },
      requestId: 'cost',
      routeKey: '$default',
      stage: '$default',
      time: '22/Nov/2026:00:00:00 +0000',
      timeEpoch: 1_795_305_600_000,
    },
    body: Buffer.from(JSON.stringify(body)).toString('base64'),
    isBase64Encoded: true,
  }
}

/** @returns the answer's body. @throws {Error} something was refused */
async function post(lambda: IngestLambda, event: LambdaFunctionURLEvent): Promise<string> {
  const answer = await lambda.buffered(event)
  const body = typeof answer === 'object' ? String(answer.body) : answer
  if (typeof answer !== 'object' || answer.statusCode !== 200 || body.includes('"error"'))
    throw new Error(`a post was refused: ${JSON.stringify(answer).slice(0, 500)}`)
  return body
}

/** Hands a batch of hints to a function as Lambda does. @returns how many */
async function deliver(
  deployed: Deployed,
  name: 'pack' | 'settle',
  handler: (event: SQSEvent) => Promise<SQSBatchResponse | undefined>,
): Promise<number> {
  const QueueUrl = deployed.queues[name].url
  const { Messages = [] } = await deployed.direct.sqs('ReceiveMessage', {
    QueueUrl,
    MaxNumberOfMessages: 10,
    VisibilityTimeout: 30,
    MessageSystemAttributeNames: ['ApproximateReceiveCount'],
  })
  if (Messages.length === 0) return 0
  const Records = Messages.map((message) => ({
    messageId: message.MessageId ?? '',
    receiptHandle: message.ReceiptHandle ?? '',
    body: message.Body ?? '',
    attributes: {
      ApproximateReceiveCount: message.Attributes?.ApproximateReceiveCount ?? '1',
      SentTimestamp: '0',
      SenderId: '',
      ApproximateFirstReceiveTimestamp: '0',
    },
    messageAttributes: {},
    md5OfBody: '',
    eventSource: 'aws:sqs',
    eventSourceARN: '',
    awsRegion: 'us-east-1',
  }))
  const kept = new Set((await handler({ Records }))?.batchItemFailures.map(({ itemIdentifier }) => itemIdentifier))
  for (const { messageId, receiptHandle } of Records)
    if (!kept.has(messageId)) await deployed.direct.sqs('DeleteMessage', { QueueUrl, ReceiptHandle: receiptHandle })
  return Messages.length
}

async function openTasks(deployed: Deployed): Promise<DynamoTaskStore> {
  const {
    W3B_TABLE_MESSAGES: messagesTable = '',
    W3B_TABLE_STATE: stateTable = '',
    W3B_BUCKET: bucket = '',
  } = deployed.variables('sequencer')
  const aws = deployed.direct
  const { table } = await openState({ aws }, { table: stateTable })
  const log = new DynamoMessageLog({ aws }, { messagesTable, stateTable, bucket })
  return new DynamoTaskStore({ table, log, clock: { now: Date.now }, telemetry: { log() {} } })
}

async function until(done: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + WAIT_MS
  while (!(await done())) {
    if (performance.now() > end) throw new Error('the run does not come to its end')
    await pause(200)
  }
}

/** Lets a function's events wait while messages come in. */
class Gate {
  #opened = Promise.withResolvers<void>()

  open(): void {
    this.#opened.resolve()
  }

  close(): void {
    this.#opened = Promise.withResolvers()
  }

  passed(): Promise<void> {
    return this.#opened.promise
  }
}

function scaled(call: Call, factor: number): Call {
  return {
    ...call,
    calls: call.calls * factor,
    refused: call.refused * factor,
    readUnits: call.readUnits * factor,
    writeUnits: call.writeUnits * factor,
    bytesIn: call.bytesIn * factor,
    bytesOut: call.bytesOut * factor,
    sqsRequests: call.sqsRequests * factor,
  }
}

/** Custom metrics by name and dimensions, in lines of the Embedded Metric Format. */
function countMetrics(lines: readonly string[]): number {
  const seen = new Set<string>()
  for (const line of lines) {
    const document: unknown = JSON.parse(line)
    const directives: unknown = Reflect.get(Object(Reflect.get(Object(document), '_aws')), 'CloudWatchMetrics')
    for (const { Metrics, Dimensions } of Array.isArray(directives) ? directives : [])
      for (const { Name } of Metrics)
        seen.add(JSON.stringify([Name, Dimensions.flat().map((name: string) => Reflect.get(Object(document), name))]))
  }
  return seen.size
}
