import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http'
import type { Emulator } from './Emulator.ts'
import { EmulatorError } from './EmulatorError.ts'

/** What can go wrong with a call. */
export type Fault =
  /** Refused because of the rate, with the code that the service uses. */
  | { readonly type: 'throttle' }
  /** Refused for any other reason. Default: 500, InternalServerError. */
  | { readonly type: 'error'; readonly status?: number; readonly code?: string }
  /** The connection breaks: before the service saw the call, or after it did what was asked. */
  | { readonly type: 'drop'; readonly when: 'before' | 'after' }
  /** The service does what was asked, and the answer never comes: the caller waits until its own limit. */
  | { readonly type: 'hang' }
  /** The call reaches the service so much later. */
  | { readonly type: 'delay'; readonly ms: number }
  /** A BatchGetItem or BatchWriteItem does only its first so many entries a table and gives the rest back. */
  | { readonly type: 'unprocessed'; readonly keep: number }
  /** A batch of SQS refuses some of its entries, every second one where nothing else is said, and does the others. */
  | {
      readonly type: 'partial'
      readonly refuse?: (entry: Readonly<Record<string, unknown>>, place: number) => boolean
      readonly senderFault?: boolean
    }

/** A call on its way. */
export interface ProxiedCall {
  /** `PutItem`, `SendMessageBatch`, `PutObject`, `GetObject`, `DeleteObject`. */
  readonly operation: string
  /** JSON as sent; of S3, nothing. */
  readonly input: Readonly<Record<string, unknown>>
  /** Of S3: `/bucket/key`. */
  readonly path: string
}

export interface FaultRule {
  readonly fault: Fault
  /** Any, where absent. */
  readonly operation?: string
  readonly when?: (call: ProxiedCall) => boolean
  /** Always, where absent. */
  readonly times?: number
}

/** Counts of a rule, and its end. */
export interface InjectedFault {
  readonly hits: () => number
  remove(): void
}

const SLOW: Readonly<Record<string, { readonly status: number; readonly code: string }>> = {
  dynamodb: { status: 400, code: 'ProvisionedThroughputExceededException' },
  sqs: { status: 400, code: 'ThrottlingException' },
  s3: { status: 503, code: 'SlowDown' },
  kms: { status: 400, code: 'ThrottlingException' },
  ssm: { status: 400, code: 'ThrottlingException' },
}

/** Stands between a client and an emulator on 127.0.0.1: counts calls, and makes those fail that it is told to. */
export class FaultProxy {
  readonly url: string
  /** Calls that came, by operation: attempts, since each is a call. */
  readonly calls = new Map<string, number>()
  readonly #server: Server
  readonly #rules = new Set<{ readonly rule: FaultRule; hits: number }>()

  private constructor(server: Server, url: string) {
    this.#server = server
    this.url = url
  }

  /** Starts a proxy before an emulator, on a free port. */
  static async start(target: Pick<Emulator, 'url'>): Promise<FaultProxy> {
    const server = createServer()
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(0, '127.0.0.1', resolve)
    })
    const address = server.address()
    if (address === null || typeof address === 'string') throw new EmulatorError('the proxy has no port')
    const proxy = new FaultProxy(server, `http://127.0.0.1:${address.port}`)
    server.on('request', (incoming, answer) => {
      proxy.#handle(incoming, answer, target.url).catch(() => answer.destroy())
    })
    return proxy
  }

  /** From now on, the calls that a rule names fail as it says. The rule that was added last comes first. */
  inject(rule: FaultRule): InjectedFault {
    const injected = { rule, hits: 0 }
    this.#rules.add(injected)
    return { hits: () => injected.hits, remove: () => void this.#rules.delete(injected) }
  }

  /** Ends all faults and forgets the counts. */
  clear(): void {
    this.#rules.clear()
    this.calls.clear()
  }

  /** Calls of these operations so far. */
  count(...operations: readonly string[]): number {
    return operations.reduce((sum, operation) => sum + (this.calls.get(operation) ?? 0), 0)
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  async #handle(incoming: IncomingMessage, answer: ServerResponse, target: string): Promise<void> {
    const body = await readAll(incoming)
    const call = readCall(incoming, body)
    this.calls.set(call.operation, this.count(call.operation) + 1)
    const fault = this.#faultOf(call)
    const pass = (sent: Buffer = body) => forward(target, incoming, sent)
    switch (fault?.type) {
      case undefined:
        return reply(answer, await pass())
      case 'throttle':
        return refuse(answer, call, SLOW[serviceOf(call)] ?? { status: 503, code: 'SlowDown' })
      case 'error':
        return refuse(answer, call, { status: fault.status ?? 500, code: fault.code ?? 'InternalServerError' })
      case 'drop':
        if (fault.when === 'after') await pass()
        answer.destroy()
        return
      case 'hang':
        await pass()
        return
      case 'delay':
        await new Promise((resolve) => setTimeout(resolve, fault.ms))
        return reply(answer, await pass())
      case 'unprocessed':
        return answerUnprocessed(answer, call, fault.keep, pass)
      case 'partial':
        return answerPartial(answer, call, fault, pass)
    }
  }

  #faultOf(call: ProxiedCall): Fault | undefined {
    for (const injected of [...this.#rules].reverse()) {
      const { rule } = injected
      if (rule.operation !== undefined && rule.operation !== call.operation) continue
      if (rule.times !== undefined && injected.hits >= rule.times) continue
      if (rule.when !== undefined && !rule.when(call)) continue
      injected.hits++
      return rule.fault
    }
    return undefined
  }
}

interface Answered {
  readonly status: number
  readonly headers: IncomingMessage['headers']
  readonly body: Buffer
}
type Pass = (body?: Buffer) => Promise<Answered>

async function readAll(stream: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = []
  for await (const part of stream) parts.push(part)
  return Buffer.concat(parts)
}

function readCall(incoming: IncomingMessage, body: Buffer): ProxiedCall {
  const path = decodeURIComponent((incoming.url ?? '/').split('?')[0] ?? '/')
  const target = incoming.headers['x-amz-target']
  if (typeof target === 'string')
    return { operation: target.split('.').at(-1) ?? target, input: JSON.parse(body.toString() || '{}'), path }
  const verb =
    { PUT: 'Put', GET: 'Get', DELETE: 'Delete', HEAD: 'Head', POST: 'Post' }[incoming.method ?? ''] ?? 'Other'
  return { operation: `${verb}${/^\/[^/]+\/./.test(path) ? 'Object' : 'Bucket'}`, input: {}, path }
}

function serviceOf({ operation }: ProxiedCall): string {
  if (/Object|Bucket/.test(operation)) return 's3'
  if (/Message|Queue/.test(operation)) return 'sqs'
  if (/^Sign$|PublicKey/.test(operation)) return 'kms'
  return /Parameter/.test(operation) ? 'ssm' : 'dynamodb'
}

function forward(target: string, incoming: IncomingMessage, body: Buffer): Promise<Answered> {
  return new Promise((resolve, reject) => {
    const { hostname, port, host } = new URL(target)
    const headers = { ...incoming.headers, host, 'content-length': String(body.length) }
    delete headers['transfer-encoding']
    const outgoing = request(
      { hostname, port, path: incoming.url, method: incoming.method, headers, agent: false },
      (response) => {
        readAll(response).then(
          (bytes) => resolve({ status: response.statusCode ?? 502, headers: response.headers, body: bytes }),
          reject,
        )
      },
    )
    // A long poll that its client has left is of no use to anybody.
    const leave = (): void => {
      outgoing.destroy()
    }
    incoming.socket.once('close', leave)
    outgoing.once('close', () => incoming.socket.off('close', leave))
    outgoing.on('error', reject)
    outgoing.end(body)
  })
}

function reply(answer: ServerResponse, { status, headers, body }: Answered): void {
  const { 'transfer-encoding': _, connection: __, ...kept } = headers
  answer.writeHead(status, { ...kept, 'content-length': String(body.length) })
  answer.end(body)
}

function replyJson(answer: ServerResponse, status: number, body: unknown): void {
  // Without the headers of the emulator's answer: its checksum would not fit.
  const headers = { 'content-type': 'application/x-amz-json-1.0', 'x-amzn-requestid': 'injected' }
  reply(answer, { status, headers, body: Buffer.from(JSON.stringify(body)) })
}

function refuse(
  answer: ServerResponse,
  call: ProxiedCall,
  p: { readonly status: number; readonly code: string },
): void {
  if (serviceOf(call) !== 's3') {
    replyJson(answer, p.status, { __type: `com.amazonaws#${p.code}`, message: 'injected' })
    return
  }
  const body = Buffer.from(`<?xml version="1.0"?><Error><Code>${p.code}</Code><Message>injected</Message></Error>`)
  reply(answer, { status: p.status, headers: { 'content-type': 'application/xml' }, body })
}

async function answerUnprocessed(answer: ServerResponse, call: ProxiedCall, keep: number, pass: Pass): Promise<void> {
  const { RequestItems } = call.input as {
    RequestItems: Record<string, { Keys: unknown[] } | unknown[]>
  }
  const done: Record<string, unknown> = {}
  const left: Record<string, unknown> = {}
  for (const [table, wanted] of Object.entries(RequestItems)) {
    const entries = Array.isArray(wanted) ? wanted : wanted.Keys
    const part = (some: unknown[]) => (Array.isArray(wanted) ? some : { ...wanted, Keys: some })
    if (entries.length > 0 && keep > 0) done[table] = part(entries.slice(0, keep))
    if (entries.length > keep) left[table] = part(entries.slice(keep))
  }
  const unprocessed = call.operation === 'BatchGetItem' ? { UnprocessedKeys: left } : { UnprocessedItems: left }
  if (Object.keys(done).length === 0) return replyJson(answer, 200, { Responses: {}, ...unprocessed })
  const answered = await pass(Buffer.from(JSON.stringify({ ...call.input, RequestItems: done })))
  if (answered.status !== 200) return reply(answer, answered)
  return replyJson(answer, 200, { ...JSON.parse(answered.body.toString()), ...unprocessed })
}

async function answerPartial(
  answer: ServerResponse,
  call: ProxiedCall,
  { refuse: isRefused = (_, place) => place % 2 === 1, senderFault = false }: Fault & { readonly type: 'partial' },
  pass: Pass,
): Promise<void> {
  const { Entries } = call.input as { Entries: { Id: string }[] }
  const kept: { Id: string }[] = []
  const Failed: unknown[] = []
  Entries.forEach((entry, place) => {
    if (!isRefused({ ...entry }, place)) kept.push(entry)
    else {
      const Code = senderFault ? 'InvalidMessageContents' : 'InternalError'
      Failed.push({ Id: entry.Id, SenderFault: senderFault, Code, Message: 'injected' })
    }
  })
  if (kept.length === 0) return replyJson(answer, 200, { Successful: [], Failed })
  const answered = await pass(Buffer.from(JSON.stringify({ ...call.input, Entries: kept })))
  if (answered.status !== 200) return reply(answer, answered)
  const done = JSON.parse(answered.body.toString())
  return replyJson(answer, 200, { ...done, Failed: [...(done.Failed ?? []), ...Failed] })
}
