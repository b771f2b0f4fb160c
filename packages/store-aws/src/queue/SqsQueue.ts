import type { DeadLetter, Delivery, Queue } from '@w3bstream/core/ports'
import { InvalidInputError } from '@w3bstream/protocol'
import type { Aws, SqsCalls } from '../calls/Aws.ts'
import { AwsError } from '../calls/AwsError.ts'
import { toStoreError } from '../calls/toStoreError.ts'
import { Coalescer, type Outcomes } from './Coalescer.ts'

/** SQS's limits: entries of a batch and messages of a receive, seconds of a long poll, of a delay, of a visibility. */
const MAX_BATCH = 10
const MAX_WAIT_S = 20
const MAX_DELAY_S = 900
const MAX_VISIBILITY_S = 43_200
/** Hints are small: they name durable state. The bound is that of a whole batch, too. */
const MAX_BODY_BYTES = 262_144
/** Longest reason that a dead letter keeps. */
const MAX_REASON = 2_000
/** How long dead letters are hidden from others while they are looked through. */
const LOOK_S = 30
/** Dead letters that are looked through for one. */
const MAX_LOOKED = 1_000
/** Tries of what a batch call refused for a passing reason, with pauses that double. */
const ATTEMPTS = 4
const PAUSE_MS = 50

const REASON = 'reason'
const BURIED_AT = 'at'
/** Of a hint that SQS itself gave up after its number of deliveries. */
const MOVED = 'It was delivered too often without being acknowledged.'

type Message = NonNullable<SqsCalls['ReceiveMessage']['output']['Messages']>[number]
type SendEntry = NonNullable<SqsCalls['SendMessageBatch']['input']['Entries']>[number]

export interface SqsQueueModules {
  readonly aws: Pick<Aws, 'sqs'>
}
export interface SqsQueueOptions {
  readonly url: string
  /** Where hints that are given up go: by `bury`, and by SQS itself after its number of deliveries. */
  readonly deadLettersUrl: string
}

/**
 * A queue of SQS. It counts in seconds: waits, delays and visibilities are rounded up to whole ones, a delay beyond 15 minutes and a visibility
 * beyond 12 hours are cut to that. Equal hints are not merged. Sends of one turn, and acknowledgements, go out as one call.
 *
 * A handle that ran out is ignored as far as SQS tells: it may still delete a hint that nobody received since.
 */
export class SqsQueue implements Queue {
  readonly #aws: Pick<Aws, 'sqs'>
  readonly #url: string
  readonly #deadLettersUrl: string
  readonly #sends: Coalescer<Omit<SendEntry, 'Id'>>
  readonly #acks: Coalescer<string>

  constructor({ aws }: SqsQueueModules, { url, deadLettersUrl }: SqsQueueOptions) {
    this.#aws = aws
    this.#url = url
    this.#deadLettersUrl = deadLettersUrl
    this.#sends = new Coalescer((entries) => this.#sendBatch(entries), { count: MAX_BATCH, bytes: MAX_BODY_BYTES })
    this.#acks = new Coalescer((receipts) => this.#deleteBatch(receipts), { count: MAX_BATCH, bytes: Infinity })
  }

  /** A message as SQS hands it out, or as Lambda does in its event, as a delivery of this port. */
  static delivery(p: { readonly receipt: string; readonly body: string; readonly receiveCount: string }): Delivery {
    // With the body, so that whoever has the handle can bury the hint, in another process too.
    return { body: p.body, handle: `${p.receipt} ${p.body}`, receiveCount: Number(p.receiveCount) }
  }

  async send(body: string, options: { readonly delayMs?: number } = {}): Promise<void> {
    const bytes = new TextEncoder().encode(body).length
    if (bytes === 0 || bytes > MAX_BODY_BYTES)
      throw new InvalidInputError({ field: 'hint', problem: `has to have 1 to ${MAX_BODY_BYTES} bytes` })
    const DelaySeconds = Math.min(MAX_DELAY_S, seconds(options.delayMs ?? 0))
    await stored(() => this.#sends.add({ MessageBody: body, DelaySeconds }, bytes))
  }

  async receive(p: {
    readonly max: number
    readonly visibilityMs: number
    readonly waitMs: number
    readonly signal?: AbortSignal
  }): Promise<Delivery[]> {
    const deadline = performance.now() + p.waitMs
    for (;;) {
      if (p.signal?.aborted === true) return []
      const leftS = seconds(Math.max(0, deadline - performance.now()))
      const polled = stored(() =>
        this.#poll(this.#url, {
          MaxNumberOfMessages: Math.min(p.max, MAX_BATCH),
          VisibilityTimeout: visibility(p.visibilityMs),
          WaitTimeSeconds: Math.min(leftS, MAX_WAIT_S),
        }),
      )
      const messages = await this.#unless(p.signal, polled)
      if (messages.length > 0) return messages.map(toDelivery)
      if (performance.now() >= deadline) return []
    }
  }

  async ack(handle: string): Promise<void> {
    const named = parse(handle)
    if (named !== null) await stored(() => this.#acks.add(named.receipt))
  }

  async extend(handle: string, visibilityMs: number): Promise<void> {
    await this.#show(handle, visibility(visibilityMs))
  }

  async retry(handle: string, delayMs: number): Promise<void> {
    await this.#show(handle, visibility(delayMs))
  }

  async bury(handle: string, reason: string): Promise<void> {
    const named = parse(handle)
    // Hidden for as long as the move takes. A handle that ran out shows here: its hint is another receiver's now, or done.
    if (named === null || !(await this.#show(handle, LOOK_S))) return
    const text = (value: string) => ({ DataType: 'String', StringValue: value })
    await stored(() =>
      this.#aws.sqs('SendMessage', {
        QueueUrl: this.#deadLettersUrl,
        MessageBody: named.body,
        MessageAttributes: {
          [REASON]: text(legible(reason).slice(0, MAX_REASON) || MOVED),
          [BURIED_AT]: text(String(Date.now())),
        },
      }),
    )
    await this.ack(handle)
  }

  /** Looks through the dead letters, which hides them from others meanwhile. */
  async deadLetters(limit: number): Promise<DeadLetter[]> {
    const seen = new Map<string, Message>()
    await this.#look(Math.min(limit, MAX_LOOKED), (message) => {
      seen.set(message.MessageId ?? '', message)
      return false
    })
    return Array.from(seen, ([id, message]) => toDeadLetter(id, message)).sort((a, b) => b.at - a.at)
  }

  async redrive(id: string): Promise<boolean> {
    const found = await this.#look(MAX_LOOKED, (message) => message.MessageId === id)
    if (found === null) return false
    await this.send(found.Body ?? '')
    await stored(() =>
      this.#aws.sqs('DeleteMessage', { QueueUrl: this.#deadLettersUrl, ReceiptHandle: found.ReceiptHandle }),
    )
    return true
  }

  async depth(): Promise<number> {
    const names = [
      'ApproximateNumberOfMessages',
      'ApproximateNumberOfMessagesNotVisible',
      'ApproximateNumberOfMessagesDelayed',
    ] as const
    const { Attributes = {} } = await stored(() =>
      this.#aws.sqs('GetQueueAttributes', { QueueUrl: this.#url, AttributeNames: [...names] }),
    )
    return names.reduce((sum, name) => sum + Number(Attributes[name] ?? 0), 0)
  }

  /** What a poll brings, or nothing where the caller stops first: then the poll goes on to its end, and gives back what it still brings. */
  async #unless(signal: AbortSignal | undefined, polled: Promise<Message[]>): Promise<Message[]> {
    if (signal === undefined) return polled
    let stop: () => void = () => {}
    const stopped = new Promise<null>((resolve) => {
      stop = () => resolve(null)
      signal.addEventListener('abort', stop, { once: true })
    })
    try {
      const messages = await Promise.race([polled, stopped])
      if (messages !== null) return messages
    } finally {
      signal.removeEventListener('abort', stop)
    }
    // Breaking the connection would have SQS hide what it was about to deliver. Nobody waits for this any more: a failure leaves the hints to
    // their visibility.
    polled.then((late) => Promise.all(late.map((message) => this.#release(this.#url, message)))).catch(() => {})
    return []
  }

  async #poll(
    QueueUrl: string,
    p: Pick<
      SqsCalls['ReceiveMessage']['input'],
      'MaxNumberOfMessages' | 'VisibilityTimeout' | 'WaitTimeSeconds' | 'MessageAttributeNames'
    >,
  ): Promise<Message[]> {
    const { Messages = [] } = await this.#aws.sqs('ReceiveMessage', {
      QueueUrl,
      MessageSystemAttributeNames: ['ApproximateReceiveCount', 'SentTimestamp'],
      ...p,
    })
    return Messages
  }

  /** Hides a delivery for so many seconds from now. @returns whether the handle still names one */
  async #show(handle: string, VisibilityTimeout: number): Promise<boolean> {
    const named = parse(handle)
    if (named === null) return false
    try {
      await this.#aws.sqs('ChangeMessageVisibility', {
        QueueUrl: this.#url,
        ReceiptHandle: named.receipt,
        VisibilityTimeout,
      })
      return true
    } catch (error) {
      if (isRunOut(error)) return false
      throw toStoreError(error)
    }
  }

  async #release(QueueUrl: string, { ReceiptHandle }: Message): Promise<void> {
    try {
      await this.#aws.sqs('ChangeMessageVisibility', { QueueUrl, ReceiptHandle, VisibilityTimeout: 0 })
    } catch (error) {
      if (!isRunOut(error)) throw toStoreError(error)
    }
  }

  /** Receives dead letters up to a number until one is wanted, and gives the others back. @returns the wanted one */
  async #look(limit: number, isWanted: (message: Message) => boolean): Promise<Message | null> {
    const others: Message[] = []
    let wanted: Message | undefined
    try {
      while (wanted === undefined && others.length < limit) {
        const messages = await stored(() =>
          this.#poll(this.#deadLettersUrl, {
            MaxNumberOfMessages: Math.min(MAX_BATCH, limit - others.length),
            VisibilityTimeout: LOOK_S,
            // A poll without a wait asks only some of SQS's servers.
            WaitTimeSeconds: 1,
            MessageAttributeNames: [REASON, BURIED_AT],
          }),
        )
        if (messages.length === 0) break
        for (const message of messages)
          if (wanted === undefined && isWanted(message)) wanted = message
          else others.push(message)
      }
    } finally {
      await Promise.all(others.map((message) => this.#release(this.#deadLettersUrl, message)))
    }
    return wanted ?? null
  }

  async #sendBatch(entries: readonly Omit<SendEntry, 'Id'>[]): Promise<Outcomes> {
    return inBatches(entries, async (some) => {
      const Entries = some.map((entry, i) => ({ ...entry, Id: String(i) }))
      const { Failed } = await this.#aws.sqs('SendMessageBatch', { QueueUrl: this.#url, Entries })
      return Failed
    })
  }

  async #deleteBatch(receipts: readonly string[]): Promise<Outcomes> {
    return inBatches(receipts, async (some) => {
      const Entries = some.map((ReceiptHandle, i) => ({ Id: String(i), ReceiptHandle }))
      const { Failed } = await this.#aws.sqs('DeleteMessageBatch', { QueueUrl: this.#url, Entries })
      return Failed?.filter(({ Code }) => !isRunOutCode(Code ?? ''))
    })
  }
}

/** Calls with all items, then with those that were refused for a passing reason, a few times. */
async function inBatches<T>(
  items: readonly T[],
  call: (items: readonly T[]) => Promise<SqsCalls['SendMessageBatch']['output']['Failed']>,
): Promise<Outcomes> {
  const outcomes: (Error | null)[] = items.map(() => null)
  let left = items.map((item, at) => ({ item, at }))
  for (let attempt = 1; left.length > 0; attempt++) {
    const failed = (await call(left.map(({ item }) => item))) ?? []
    const again: typeof left = []
    for (const { Id, Code, Message: problem, SenderFault } of failed) {
      const one = left[Number(Id)]
      if (one === undefined) continue
      if (SenderFault !== true && attempt < ATTEMPTS) again.push(one)
      else outcomes[one.at] = refused(Code, problem, SenderFault ?? false)
    }
    left = again
    if (left.length > 0) await new Promise((resolve) => setTimeout(resolve, Math.random() * PAUSE_MS * 2 ** attempt))
  }
  return outcomes
}

const refused = (code: string | undefined, problem: string | undefined, senderFault: boolean): AwsError =>
  new AwsError({
    code: code ?? 'BatchEntryFailed',
    message: problem ?? 'SQS refused an entry of a batch',
    status: senderFault ? 400 : 500,
    retryable: !senderFault,
  })

const seconds = (ms: number): number => Math.ceil(Math.max(0, ms) / 1_000)
const visibility = (ms: number): number => Math.min(MAX_VISIBILITY_S, seconds(ms))

function parse(handle: string): { readonly receipt: string; readonly body: string } | null {
  const end = handle.indexOf(' ')
  return end <= 0 ? null : { receipt: handle.slice(0, end), body: handle.slice(end + 1) }
}

function toDelivery({ ReceiptHandle = '', Body = '', Attributes = {} }: Message): Delivery {
  const receiveCount = Attributes.ApproximateReceiveCount ?? '1'
  return SqsQueue.delivery({ receipt: ReceiptHandle, body: Body, receiveCount })
}

function toDeadLetter(id: string, { Body = '', Attributes = {}, MessageAttributes = {} }: Message): DeadLetter {
  return {
    id,
    body: Body,
    reason: MessageAttributes[REASON]?.StringValue ?? MOVED,
    at: Number(MessageAttributes[BURIED_AT]?.StringValue ?? Attributes.SentTimestamp ?? 0),
  }
}

/** Without what SQS refuses in a text: control characters and halves of surrogate pairs. */
function legible(text: string): string {
  return text.toWellFormed().replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '\ufffd')
}

function isRunOut(error: unknown): boolean {
  if (!(error instanceof AwsError) || error.status >= 500) return false
  if (isRunOutCode(error.code)) return true
  // What the API says of a receipt that is too old, under its most general code.
  return /^InvalidParameterValue/.test(error.code) && /receipt ?handle/i.test(error.message)
}

function isRunOutCode(code: string): boolean {
  return /MessageNotInflight$|ReceiptHandleIsInvalid$/.test(code)
}

async function stored<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw toStoreError(error)
  }
}
