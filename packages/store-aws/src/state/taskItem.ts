import {
  type Assignment,
  address,
  type Hash,
  hash,
  type ProofRecord,
  projectId,
  type Result,
  type Settlement,
  type Signed,
  type TaskId,
  type TaskRecord,
  type TaskState,
  type TraceId,
  taskId,
  type VmType,
} from '@w3bstream/protocol'
import { attribute, type Item, read } from './attribute.ts'

const { bigint, flag, hex, int, map, text } = attribute
const hashIn = (item: Item, name: string): Hash => hash(read.hex(item, name))

/** What never changes after packing. Names are short, and hashes bytes: an item of up to 1 KB costs one write unit. */
export const writeTask = (record: Pick<TaskRecord, 'task' | 'vmType' | 'salt' | 'trace'>): Item => ({
  p: bigint(record.task.projectId),
  v: text(record.task.version),
  ch: hex(record.task.configHash),
  mr: hex(record.task.messagesRoot),
  mc: int(record.task.messageCount),
  ic: hex(record.task.inputCommitment),
  sq: hex(record.task.sequencer),
  n: bigint(record.task.number),
  vm: text(record.vmType),
  sa: hex(record.salt),
  tr: hex(`0x${record.trace}`),
})

/** What steps change, by attribute; null: not there. */
export const writeProgress = (record: TaskRecord): Readonly<Record<string, Item[string] | null>> => ({
  st: text(record.state),
  at: int(record.updatedAt),
  tries: int(record.tries),
  fail: record.failure === null ? null : text(record.failure),
  ts: record.taskSignature === null ? null : hex(record.taskSignature),
  as: record.assignment === null ? null : map(writeAssignment(record.assignment)),
  pf: record.proof === null ? null : map(writeProof(record.proof)),
  rs: record.result === null ? null : map(writeResult(record.result)),
  se: record.settlement === null ? null : map(writeSettlement(record.settlement)),
})

/** @param item a task's, or a line of its state log */
export const idOf = (item: Item): TaskId => taskId(read.text(item, 'pk').slice('task#'.length))

/** @param item a task's item */
export function readTask(item: Item): TaskRecord {
  const id = idOf(item)
  const part = <T>(name: string, reader: (part: Item, task: TaskId) => T): T | null =>
    read.optional(item, name, (of, key) => reader(read.map(of, key), id))
  return {
    id,
    task: {
      projectId: projectId(read.text(item, 'p')),
      version: read.text(item, 'v'),
      configHash: hashIn(item, 'ch'),
      messagesRoot: hashIn(item, 'mr'),
      messageCount: read.int(item, 'mc'),
      inputCommitment: hashIn(item, 'ic'),
      sequencer: address(read.hex(item, 'sq')),
      number: read.bigint(item, 'n'),
    },
    vmType: read.text(item, 'vm') as VmType,
    salt: hashIn(item, 'sa'),
    state: read.text(item, 'st') as TaskState,
    trace: read.hex(item, 'tr').slice(2) as TraceId,
    createdAt: read.int(item, 'ca'),
    updatedAt: read.int(item, 'at'),
    taskSignature: read.optional(item, 'ts', read.hex),
    assignment: part('as', readAssignment),
    proof: part('pf', readProof),
    result: part('rs', readResult),
    settlement: part('se', readSettlement),
    tries: read.int(item, 'tries'),
    failure: read.optional(item, 'fail', read.text),
  }
}

const writeAssignment = ({ value, signature }: Signed<Assignment>): Item => ({
  p: hex(value.prover),
  d: bigint(value.deadline),
  a: bigint(value.attempt),
  s: hex(signature),
})

const readAssignment = (part: Item, task: TaskId): Signed<Assignment> => ({
  value: {
    task,
    prover: address(read.hex(part, 'p')),
    deadline: read.bigint(part, 'd'),
    attempt: read.bigint(part, 'a'),
  },
  signature: read.hex(part, 's'),
})

const writeProof = (proof: ProofRecord): Item => ({
  b: hex(proof.blob),
  n: int(proof.bytes),
  o: hex(proof.outputs),
  r: hex(proof.raw),
  v: flag(proof.bound),
  ms: int(proof.provingMs),
})

const readProof = (part: Item): ProofRecord => ({
  blob: hashIn(part, 'b'),
  bytes: read.int(part, 'n'),
  outputs: read.hex(part, 'o'),
  raw: hashIn(part, 'r'),
  bound: read.flag(part, 'v'),
  provingMs: read.int(part, 'ms'),
})

const writeResult = ({ value, signature }: Signed<Result>): Item => ({
  p: hex(value.prover),
  h: hex(value.proofHash),
  o: hex(value.outputsHash),
  c: bigint(value.chainId),
  r: hex(value.router),
  s: hex(signature),
})

const readResult = (part: Item, task: TaskId): Signed<Result> => ({
  value: {
    task,
    prover: address(read.hex(part, 'p')),
    proofHash: hashIn(part, 'h'),
    outputsHash: hashIn(part, 'o'),
    chainId: read.bigint(part, 'c'),
    router: address(read.hex(part, 'r')),
  },
  signature: read.hex(part, 's'),
})

const writeSettlement = (settlement: Settlement): Item => ({
  c: bigint(settlement.chainId),
  a: hex(settlement.contract),
  t: hex(settlement.transactionHash),
  n: bigint(settlement.blockNumber),
  h: hex(settlement.blockHash),
  g: bigint(settlement.gasUsed),
})

const readSettlement = (part: Item): Settlement => ({
  chainId: read.bigint(part, 'c'),
  contract: address(read.hex(part, 'a')),
  transactionHash: hashIn(part, 't'),
  blockNumber: read.bigint(part, 'n'),
  blockHash: hashIn(part, 'h'),
  gasUsed: read.bigint(part, 'g'),
})
