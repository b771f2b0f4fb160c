import { createHash, randomBytes } from 'node:crypto'
import {
  type Address,
  type Did,
  type Domain,
  type Hash,
  type Hex,
  type Message,
  type MessageId,
  messageIdFromKey,
  messageIdFromNonce,
  type ProjectId,
  projectId,
  type TaskId,
  taskNumber,
  toHex,
  uuidv7,
  uuidv7Run,
} from '@w3bstream/protocol'
import { vi } from 'vitest'
import type { Append, Expirable, LoggedMessage, LogId, LogPosition, MessageLog } from './MessageLog.ts'
import type { NewTask, TaskStep, TaskStore } from './TaskStore.ts'

/** The two ports that share logs and cursors. */
export interface LogAndTasks {
  readonly messages: MessageLog
  readonly tasks: TaskStore
}

/** A time that is not now, so that nothing passes by reading the clock. */
export const NOW = 1_767_225_600_000

export const randomHash = (): Hash => toHex(randomBytes(32)) as Hash
export const randomTaskId = (): TaskId => toHex(randomBytes(32)) as TaskId
export const randomAddress = (): Address => toHex(randomBytes(20))
export const sha256 = (text: string): Hash => `0x${createHash('sha256').update(text).digest('hex')}` as Hash
const signature = (): Hex => toHex(randomBytes(65))

/** A project that no other test has: stores may be shared. */
export const someProject = (): ProjectId => projectId(randomBytes(8).readBigUInt64BE() | (1n << 63n))
export const someLog = (): LogId => ({ projectId: someProject(), version: '0.1' })
export const someDevice = (): Did => `did:io:${randomAddress()}` as Did

const DOMAIN: Domain = { chainId: 31_337n, verifyingContract: `0x${'c0'.repeat(20)}` }
const ID_SECRET = new Uint8Array(32).fill(7)

/** A message of nobody, unless said otherwise. */
export function someMessage(log: LogId, payload: string, fields: Partial<Message> = {}): Message {
  return {
    id: uuidv7(NOW),
    ...log,
    auth: 'none',
    device: null,
    nonce: null,
    payload,
    payloadHash: sha256(payload),
    signature: null,
    receivedAt: NOW,
    ...fields,
  }
}

export const unsigned = (log: LogId, payload: string): Append => ({
  message: someMessage(log, payload),
  idempotency: null,
})

export const signed = (log: LogId, device: Did, nonce: bigint, payload: string): Append => ({
  message: someMessage(log, payload, {
    id: messageIdFromNonce({ secret: ID_SECRET, domain: DOMAIN, projectId: log.projectId, device, nonce }),
    auth: 'device',
    device,
    nonce,
    signature: signature(),
  }),
  idempotency: null,
})

export const keyed = (log: LogId, principal: string, key: string, payload: string): Append => ({
  message: someMessage(log, payload, {
    id: messageIdFromKey({ domain: DOMAIN, projectId: log.projectId, principal, key }),
    auth: 'token',
  }),
  idempotency: { principal, key },
})

/** One batch post. @param key as its header has it */
export const batch = (log: LogId, payloads: readonly string[], key?: string): Append[] => {
  const ids = uuidv7Run(NOW)
  return payloads.map((payload, i): Append => {
    if (key !== undefined) return { ...keyed(log, 'p', `${key}:${i}`, payload), batch: true }
    const id = ids.next().value
    return { message: someMessage(log, payload, id === undefined ? {} : { id }), idempotency: null, batch: true }
  })
}

/** Reads a log to its end, in small pages; waits until so many messages are there, since a store may order them a little later. */
export async function readLog(
  messages: MessageLog,
  log: LogId,
  count: number,
  after: LogPosition = 0,
): Promise<LoggedMessage[]> {
  return vi.waitFor(
    async () => {
      const all: LoggedMessage[] = []
      for (;;) {
        const page = await messages.read(log, all.at(-1)?.position ?? after, { count: 7, bytes: 1_000_000 })
        if (page.length === 0) break
        all.push(...page)
      }
      if (all.length < count) throw new Error(`${all.length} of ${count} messages are in the log`)
      return all
    },
    { timeout: 10_000, interval: 20 },
  )
}

/** The next task over messages that were read. */
export async function nextTask(
  tasks: TaskStore,
  log: LogId,
  read: readonly LoggedMessage[],
  fields: { readonly sequencer?: Address; readonly at?: number } = {},
): Promise<NewTask> {
  const sequencer = fields.sequencer ?? SEQUENCER
  const after = await tasks.cursor(log)
  return {
    id: randomTaskId(),
    task: {
      ...log,
      configHash: randomHash(),
      messagesRoot: randomHash(),
      messageCount: read.length,
      inputCommitment: randomHash(),
      sequencer,
      number: taskNumber(sequencer, await tasks.nextSequence(log.projectId, sequencer)),
    },
    vmType: 'halo2',
    salt: randomHash(),
    log,
    after,
    upTo: read.at(-1)?.position ?? after,
    messageIds: read.map(({ message }) => message.id),
    at: fields.at ?? NOW,
  }
}

export const SEQUENCER: Address = '0xfedcba9876543210fedcba9876543210fedcba98'
export const PROVER: Address = '0x00000000000000000000000000000000000000aa'

/** The older API's signed message: no nonce. */
export const legacy = (log: LogId, device: Did, payload: string): Append => ({
  message: someMessage(log, payload, { auth: 'legacy', device, signature: signature() }),
  idempotency: null,
})

/** Deletes what is due in a log, as if it had been exported. @returns what was due, and how many payloads were deleted */
export async function expireDue(
  messages: MessageLog,
  log: LogId,
  before: number,
): Promise<{ readonly due: Expirable[]; readonly deleted: number }> {
  const due = await messages.expirable(log, before, { count: 1_000, bytes: 1_000_000 })
  const count = due.reduce((sum, one) => sum + one.messages.length, 0)
  const to = { log, blob: randomHash(), bytes: 1, messages: count, oldestAt: 1, newestAt: 2, at: 3 }
  const tasks = due.map(({ task }) => task)
  return { due, deleted: await messages.expire(tasks, to) }
}

/** Appends so many messages to a fresh log and packs them into one task. */
export async function packed(
  { messages, tasks }: LogAndTasks,
  p: { readonly log?: LogId; readonly count?: number; readonly at?: number } = {},
): Promise<{ readonly created: NewTask; readonly ids: readonly MessageId[] }> {
  const log = p.log ?? someLog()
  const count = p.count ?? 3
  const after = await tasks.cursor(log)
  await messages.append(Array.from({ length: count }, (_, i) => unsigned(log, `{"reading":${i}}`)))
  const read = await readLog(messages, log, count, after)
  const created = await nextTask(tasks, log, read, p.at === undefined ? {} : { at: p.at })
  if (!(await tasks.create(created))) throw new Error('the task was not created')
  return { created, ids: created.messageIds }
}

/** What `advance` is given beside the step. */
export const by = (actor: string, at: number = NOW, reason = 'because') => ({ at, actor, reason })

/** Any step to each state; a prover's names the token. */
export const step = {
  assign: (task: TaskId, attempt = 1n): TaskStep => ({
    to: 'assigned',
    taskSignature: signature(),
    assignment: { value: { task, prover: PROVER, deadline: 1_767_229_200n, attempt }, signature: signature() },
  }),
  prove: (task: TaskId, token: bigint): TaskStep & { readonly to: 'proved'; readonly token: bigint } => ({
    to: 'proved',
    token,
    proof: { blob: randomHash(), bytes: 1_024, outputs: '0x01', raw: randomHash(), bound: true, provingMs: 1_900 },
    result: {
      value: {
        task,
        prover: PROVER,
        proofHash: randomHash(),
        outputsHash: randomHash(),
        chainId: 2n ** 70n,
        router: PROVER,
      },
      signature: signature(),
    },
    show: '0xproof',
  }),
  settle: (): TaskStep & { readonly to: 'settled' } => ({
    to: 'settled',
    settlement: {
      chainId: 4_690n,
      contract: PROVER,
      transactionHash: randomHash(),
      blockNumber: 12n,
      blockHash: randomHash(),
      gasUsed: 361_000n,
    },
    show: '0xtransaction',
  }),
} as const
