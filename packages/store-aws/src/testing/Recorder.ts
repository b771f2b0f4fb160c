import type { AttributeValue, ConsumedCapacity } from '@aws-sdk/client-dynamodb'
import type { Aws, CallOptions, DynamoCalls, SqsCalls, StreamCalls } from '../calls/Aws.ts'
import { AwsError } from '../calls/AwsError.ts'

/** What calls of one kind to one table, queue or bucket came to. */
export interface Recorded {
  readonly service: 'dynamodb' | 'streams' | 's3' | 'sqs'
  readonly operation: string
  /** Table, queue (the last part of its URL) or bucket with the first part of the key; '' for streams. */
  readonly target: string
  readonly calls: number
  /** Of these, those that failed, refused conditions among them. */
  readonly failed: number
  readonly readUnits: number
  readonly writeUnits: number
  /** Bytes that were sent, as items, messages or objects. */
  readonly bytesIn: number
  /** Bytes that were answered, of objects and SQS messages alone. */
  readonly bytesOut: number
  /** What SQS bills: a request for each 64 KB of a call's messages. */
  readonly sqsRequests: number
}

const SQS_CHUNK = 64 * 1024

type Counts = Omit<Recorded, 'service' | 'operation' | 'target'>

/** Counts what an {@link Aws} is asked, in the units of its bill, while it is used through {@link aws}. */
export class Recorder {
  /** Does what the given one does. DynamoDB is asked to say what each call consumes. */
  readonly aws: Aws
  readonly #counted = new Map<string, { service: Recorded['service']; operation: string; target: string } & Counts>()

  constructor(aws: Aws) {
    const { s3 } = aws
    this.aws = {
      dynamo: (operation, input, options) => this.#dynamo(aws, operation, input, options),
      sqs: (operation, input, options) => this.#sqs(aws, operation, input, options),
      streams: (operation, input, options) => this.#streams(aws, operation, input, options),
      s3: {
        ...s3,
        put: (p) => this.#count('s3', 'put', objectOf(p), s3.put(p), () => ({ bytesIn: p.body.length })),
        get: (p) => this.#count('s3', 'get', objectOf(p), s3.get(p), (body) => ({ bytesOut: body?.length ?? 0 })),
        delete: (p) => this.#count('s3', 'delete', objectOf(p), s3.delete(p), () => ({})),
      },
    }
  }

  /** What was counted since the last call, which starts from nothing again. */
  take(): Recorded[] {
    const all = [...this.#counted.values()]
    this.#counted.clear()
    return all
  }

  #dynamo<N extends keyof DynamoCalls>(
    aws: Aws,
    operation: N,
    input: DynamoCalls[N]['input'],
    options: CallOptions | undefined,
  ): Promise<DynamoCalls[N]['output']> {
    const isRead = operation === 'GetItem' || operation === 'BatchGetItem' || operation === 'Query'
    const bytesIn = isRead ? 0 : writtenBytes(input)
    const call = aws.dynamo(operation, { ...input, ReturnConsumedCapacity: 'TOTAL' }, options)
    return this.#count(
      'dynamodb',
      operation,
      tableOf(input),
      call,
      (output) => {
        const units = consumed(output)
        return isRead ? { readUnits: units } : { writeUnits: units, bytesIn }
      },
      // A refused write is billed by its size, twice in a transaction; DynamoDB does not say so in its refusal.
      () =>
        isRead
          ? {}
          : { writeUnits: Math.max(1, Math.ceil(bytesIn / 1024)) * (operation === 'TransactWriteItems' ? 2 : 1) },
    )
  }

  #sqs<N extends keyof SqsCalls>(
    aws: Aws,
    operation: N,
    input: SqsCalls[N]['input'],
    options: CallOptions | undefined,
  ): Promise<SqsCalls[N]['output']> {
    const queue =
      String('QueueUrl' in input ? input.QueueUrl : '')
        .split('/')
        .at(-1) ?? ''
    const bytesIn = textBytes(input, 'MessageBody')
    return this.#count('sqs', operation, queue, aws.sqs(operation, input, options), (output) => {
      const bytesOut = textBytes(output, 'Body')
      return { bytesIn, bytesOut, sqsRequests: Math.max(1, Math.ceil(Math.max(bytesIn, bytesOut) / SQS_CHUNK)) }
    })
  }

  #streams<N extends keyof StreamCalls>(
    aws: Aws,
    operation: N,
    input: StreamCalls[N]['input'],
    options: CallOptions | undefined,
  ): Promise<StreamCalls[N]['output']> {
    return this.#count('streams', operation, '', aws.streams(operation, input, options), () => ({}))
  }

  async #count<T>(
    service: Recorded['service'],
    operation: string,
    target: string,
    call: Promise<T>,
    done: (answer: T) => Partial<Counts>,
    refused: () => Partial<Counts> = () => ({}),
  ): Promise<T> {
    try {
      const answer = await call
      this.#add({ service, operation, target }, { calls: 1, ...done(answer) })
      return answer
    } catch (error) {
      // What never reached AWS costs nothing.
      const reached = error instanceof AwsError && error.status > 0 && error.status < 500
      this.#add({ service, operation, target }, { calls: 1, failed: 1, ...(reached ? refused() : {}) })
      throw error
    }
  }

  #add(of: Pick<Recorded, 'service' | 'operation' | 'target'>, more: Partial<Counts>): void {
    const key = `${of.service} ${of.operation} ${of.target}`
    const { calls, failed, readUnits, writeUnits, bytesIn, bytesOut, sqsRequests } = this.#counted.get(key) ?? NOTHING
    this.#counted.set(key, {
      ...of,
      calls: calls + (more.calls ?? 0),
      failed: failed + (more.failed ?? 0),
      readUnits: readUnits + (more.readUnits ?? 0),
      writeUnits: writeUnits + (more.writeUnits ?? 0),
      bytesIn: bytesIn + (more.bytesIn ?? 0),
      bytesOut: bytesOut + (more.bytesOut ?? 0),
      sqsRequests: sqsRequests + (more.sqsRequests ?? 0),
    })
  }
}

const NOTHING: Counts = { calls: 0, failed: 0, readUnits: 0, writeUnits: 0, bytesIn: 0, bytesOut: 0, sqsRequests: 0 }

const objectOf = ({ bucket, key }: { readonly bucket: string; readonly key: string }): string =>
  `${bucket}/${key.split('/')[0] ?? ''}`

function consumed(output: object): number {
  const all: readonly ConsumedCapacity[] =
    'ConsumedCapacity' in output ? ([output.ConsumedCapacity ?? []].flat() as ConsumedCapacity[]) : []
  return all.reduce((sum, one) => sum + (one.CapacityUnits ?? 0), 0)
}

/** The table of a call, or the first of several. */
function tableOf(input: object): string {
  const found = new Set<string>()
  visit(input, (name, value) => {
    if (name === 'TableName' && typeof value === 'string') found.add(value)
  })
  if ('RequestItems' in input && typeof input.RequestItems === 'object')
    for (const name of Object.keys(input.RequestItems ?? {})) found.add(name)
  return [...found][0] ?? ''
}

/** Bytes of the items that a call writes, by DynamoDB's rules. */
function writtenBytes(input: object): number {
  let sum = 0
  visit(input, (name, value) => {
    if ((name === 'Item' || name === 'ExpressionAttributeValues') && isItem(value)) sum += itemBytes(value)
  })
  return sum
}

const isItem = (value: unknown): value is Record<string, AttributeValue> => typeof value === 'object' && value !== null

const utf8 = new TextEncoder()

/**
 * An item's size by DynamoDB's rules: names and values in UTF-8, numbers in half their digits, a byte or three for what holds others
 * (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html).
 */
export function itemBytes(item: Readonly<Record<string, AttributeValue>>): number {
  return Object.entries(item).reduce((sum, [name, value]) => sum + utf8.encode(name).length + valueBytes(value), 0)
}

function valueBytes(value: AttributeValue): number {
  if (value.S !== undefined) return utf8.encode(value.S).length
  if (value.N !== undefined) return Math.ceil(value.N.replace(/[-.]/g, '').length / 2) + 1
  if (value.B !== undefined) return value.B.length
  if (value.M !== undefined)
    return 3 + Object.values(value.M).reduce((sum, one) => sum + 1 + valueBytes(one), itemNames(value.M))
  if (value.L !== undefined) return 3 + value.L.reduce((sum, one) => sum + 1 + valueBytes(one), 0)
  if (value.SS !== undefined) return value.SS.reduce((sum, one) => sum + utf8.encode(one).length, 0)
  if (value.BS !== undefined) return value.BS.reduce((sum, one) => sum + one.length, 0)
  return 1
}

const itemNames = (item: Readonly<Record<string, AttributeValue>>): number =>
  Object.keys(item).reduce((sum, name) => sum + utf8.encode(name).length, 0)

function textBytes(input: object, member: string): number {
  let sum = 0
  visit(input, (name, value) => {
    if (name === member && typeof value === 'string') sum += utf8.encode(value).length
  })
  return sum
}

function visit(value: unknown, see: (name: string, value: unknown) => void): void {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return
  for (const [name, member] of Object.entries(value)) {
    see(name, member)
    visit(member, see)
  }
}
