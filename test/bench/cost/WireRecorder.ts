import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Usage } from './prices.ts'

/** What calls of one kind to one table, queue, bucket or key came to. */
export interface Call {
  readonly service: 'dynamodb' | 's3' | 'sqs' | 'kms' | 'ssm'
  readonly operation: string
  /** Table; queue; bucket and the first part of the key. */
  readonly target: string
  readonly calls: number
  readonly refused: number
  readonly readUnits: number
  readonly writeUnits: number
  readonly bytesIn: number
  readonly bytesOut: number
  readonly sqsRequests: number
}

const SQS_CHUNK = 64 * 1024
const READS = new Set(['GetItem', 'BatchGetItem', 'Query', 'Scan', 'TransactGetItems'])
const S3_READS = new Set(['GET', 'HEAD'])
const SERVICES: Readonly<Record<string, Call['service']>> = {
  DynamoDB_20120810: 'dynamodb',
  AmazonSQS: 'sqs',
  TrentService: 'kms',
  AmazonSSM: 'ssm',
}

/**
 * Stands between one unit and the emulators of AWS, and counts what the unit asks for on the wire, whatever client it asks with. DynamoDB is made to say
 * what each call consumes; what it refused is billed by its size.
 */
export class WireRecorder {
  readonly url: string
  readonly #server: Server
  readonly #to: Readonly<Record<Call['service'], string>>
  readonly #counted = new Map<string, Call>()

  private constructor(server: Server, to: Readonly<Record<Call['service'], string>>) {
    this.#server = server
    this.#to = to
    const address = server.address() as AddressInfo
    this.url = `http://127.0.0.1:${address.port}`
    server.on('request', (request, response) => {
      this.#forward(request, response).catch((error: unknown) =>
        response.destroy(error instanceof Error ? error : undefined),
      )
    })
  }

  /** @param to base URL of each service's emulator */
  static async start(to: Readonly<Record<Call['service'], string>>): Promise<WireRecorder> {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    return new WireRecorder(server, to)
  }

  /** What was counted since the last call, which starts from nothing again. */
  take(): Call[] {
    const all = [...this.#counted.values()]
    this.#counted.clear()
    return all
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections()
    this.#server.close()
    await once(this.#server, 'close')
  }

  async #forward(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const body = Buffer.concat(chunks)
    const [prefix = '', operation = ''] = String(request.headers['x-amz-target'] ?? '').split('.')
    const service = SERVICES[prefix] ?? 's3'
    const input: unknown = service === 's3' ? null : JSON.parse(body.toString())
    const sent =
      service === 'dynamodb' ? Buffer.from(JSON.stringify({ ...Object(input), ReturnConsumedCapacity: 'TOTAL' })) : body
    const { host: _, connection: __, 'content-length': ___, ...headers } = request.headers
    const method = request.method ?? 'POST'
    const answer = await fetch(`${this.#to[service]}${request.url ?? '/'}`, {
      method,
      headers: Object.entries(headers).map(([name, value]): [string, string] => [name, String(value)]),
      body: S3_READS.has(method) ? null : sent,
    })
    const bytes = Buffer.from(await answer.arrayBuffer())
    if (service === 's3') this.#s3(method, request.url ?? '/', answer.status, body.length, bytes.length)
    else this.#json(service, operation, answer.status, Object(input), bytes)
    const kept = [...answer.headers].filter(
      ([name]) => !/^(content-encoding|transfer-encoding|content-length)$/.test(name),
    )
    response.writeHead(answer.status, kept.flat())
    response.end(bytes)
  }

  #json(service: Call['service'], operation: string, status: number, input: object, bytes: Buffer): void {
    const output: object = bytes.length === 0 ? {} : Object(JSON.parse(bytes.toString()))
    const refused = status >= 400 ? 1 : 0
    // What failed on AWS's side is not billed.
    const billed = status < 500
    switch (service) {
      case 'dynamodb': {
        const isRead = READS.has(operation)
        const size = isRead ? 0 : itemsBytes(input)
        const atLeast = Math.max(1, Math.ceil(size / 1024)) * (operation === 'TransactWriteItems' ? 2 : 1)
        const units = !billed
          ? 0
          : isRead
            ? Math.max(consumed(output), leastRead(input))
            : refused === 1
              ? atLeast
              : consumed(output)
        this.#add({
          service,
          operation,
          target: tables(input),
          refused,
          bytesIn: size,
          ...(isRead ? { readUnits: units } : { writeUnits: units }),
        })
        return
      }
      case 'sqs': {
        const [bytesIn, bytesOut] = [textBytes(input, 'MessageBody'), textBytes(output, 'Body')]
        const sqsRequests = billed ? Math.max(1, Math.ceil(Math.max(bytesIn, bytesOut) / SQS_CHUNK)) : 0
        const target =
          String(Reflect.get(input, 'QueueUrl') ?? '')
            .split('/')
            .at(-1) ?? ''
        this.#add({ service, operation, target, refused, bytesIn, bytesOut, sqsRequests })
        return
      }
      default:
        this.#add({ service, operation, target: '', refused })
    }
  }

  #s3(method: string, url: string, status: number, bytesIn: number, bytesOut: number): void {
    const [bucket = '', prefix = ''] = new URL(url, 'http://s3').pathname.slice(1).split('/')
    const target = `${bucket}/${prefix}`
    this.#add({ service: 's3', operation: method, target, refused: status >= 400 ? 1 : 0, bytesIn, bytesOut })
  }

  #add(more: Pick<Call, 'service' | 'operation' | 'target'> & Partial<Call>): void {
    const key = `${more.service} ${more.operation} ${more.target}`
    const so = this.#counted.get(key)
    const sum = (name: 'calls' | 'refused' | 'readUnits' | 'writeUnits' | 'bytesIn' | 'bytesOut' | 'sqsRequests') =>
      (so?.[name] ?? 0) + (name === 'calls' ? 1 : (more[name] ?? 0))
    this.#counted.set(key, {
      service: more.service,
      operation: more.operation,
      target: more.target,
      calls: sum('calls'),
      refused: sum('refused'),
      readUnits: sum('readUnits'),
      writeUnits: sum('writeUnits'),
      bytesIn: sum('bytesIn'),
      bytesOut: sum('bytesOut'),
      sqsRequests: sum('sqsRequests'),
    })
  }
}

/** What calls are billed for. */
export function usageOf(calls: readonly Call[]): Usage {
  const sum = (of: (call: Call) => number): number => calls.reduce((total, call) => total + of(call), 0)
  const count = (is: (call: Call) => boolean): number => sum((call) => (is(call) ? call.calls : 0))
  return {
    'dynamodb.write': sum((call) => call.writeUnits),
    'dynamodb.read': sum((call) => call.readUnits),
    'sqs.request': sum((call) => call.sqsRequests),
    's3.put': count(({ service, operation }) => service === 's3' && (operation === 'PUT' || operation === 'POST')),
    's3.get': count(({ service, operation }) => service === 's3' && S3_READS.has(operation)),
    'kms.asymmetric': count(({ service }) => service === 'kms'),
    // A SecureString is decrypted by the account's own key for SSM.
    'kms.request': count(({ service }) => service === 'ssm'),
  }
}

function consumed(output: object): number {
  const all: unknown[] = [Reflect.get(output, 'ConsumedCapacity') ?? []].flat()
  return all.reduce<number>((sum, one) => sum + Number(Reflect.get(Object(one), 'CapacityUnits') ?? 0), 0)
}

/** What is not there costs its read all the same, which the emulator leaves out: half a unit a key or query, one where it is consistent. */
function leastRead(input: object): number {
  const unit = (of: object): number => (Reflect.get(of, 'ConsistentRead') === true ? 1 : 0.5)
  const requests = Object.values(Object(Reflect.get(input, 'RequestItems'))).map(Object)
  if (requests.length === 0) return unit(input)
  return requests.reduce((sum: number, one) => sum + Object(Reflect.get(one, 'Keys')).length * unit(one), 0)
}

function tables(input: object): string {
  const found = new Set(Object.keys(Object(Reflect.get(input, 'RequestItems'))))
  visit(input, (name, value) => {
    if (name === 'TableName') found.add(String(value))
  })
  return [...found].join('+')
}

/** Bytes of what a call writes: names and values, binary ones as bytes. */
function itemsBytes(input: object): number {
  let sum = 0
  visit(input, (name, value) => {
    if (name === 'Item' || name === 'ExpressionAttributeValues')
      for (const [key, one] of Object.entries(Object(value))) sum += Buffer.byteLength(key) + valueBytes(one)
  })
  return sum
}

function valueBytes(value: unknown): number {
  let sum = 0
  visit(value, (type, one) => {
    if (typeof one === 'string') sum += type === 'B' ? Math.floor((one.length * 3) / 4) : Buffer.byteLength(one)
  })
  return sum
}

function textBytes(value: unknown, member: string): number {
  let sum = 0
  visit(value, (name, one) => {
    if (name === member && typeof one === 'string') sum += Buffer.byteLength(one)
  })
  return sum
}

function visit(value: unknown, see: (name: string, value: unknown) => void): void {
  if (typeof value !== 'object' || value === null) return
  for (const [name, member] of Object.entries(value)) {
    see(name, member)
    visit(member, see)
  }
}
