import type { Hex } from './Hex.ts'
import type { Hash } from './ids.ts'
import type { Envelope } from './Message.ts'
import { inclusionProof, leafBlind } from './merkle.ts'
import type { Receipt } from './Receipt.ts'
import type { StateLogEntry, TaskRecord } from './Task.ts'
import { type Domain, messageDigest } from './typedData.ts'

const NO_COMMITMENT = /^0x0{64}$/

/** What a receipt is made of. */
export interface ReceiptParts {
  readonly domain: Domain
  readonly message: Envelope
  readonly record: TaskRecord
  /** Index of the message's leaf. */
  readonly index: number
  /** The task's leaf hashes, in order. */
  readonly leaves: readonly Hash[]
  /** The task's state log, oldest first. */
  readonly states: readonly StateLogEntry[]
  /** The proof's encoded outputs; null before the task is proved. */
  readonly outputs: Hex | null
}

/**
 * Makes one message's receipt, as far as its task has come.
 *
 * @throws {RangeError} when `index` is not a leaf's
 */
export function buildReceipt({ domain, message, record, index, leaves, states, outputs }: ReceiptParts): Receipt {
  const { task, assignment, proof, result, settlement } = record
  const mined = record.state === 'settled' || record.state === 'finalized' ? settlement : null
  return {
    format: 'w3bstream-receipt-1',
    messageId: message.id,
    taskId: record.id,
    taskNumber: task.number.toString(),
    projectId: task.projectId.toString(),
    projectVersion: task.version,
    device: message.device,
    state: record.state,
    failure: record.failure,
    merkleRoot: task.messagesRoot,
    inputBound: proof?.bound === true && !NO_COMMITMENT.test(task.inputCommitment),
    runtime: record.vmType,
    proofBytes: proof?.bytes ?? null,
    prover: assignment?.value.prover ?? null,
    chainId: mined && Number(mined.chainId),
    contract: mined?.contract ?? null,
    transactionHash: mined?.transactionHash ?? null,
    blockNumber: mined && Number(mined.blockNumber),
    gasUsed: mined && Number(mined.gasUsed),
    // A prover signs a Result only for the settlement router, which asks the registered verifier before it takes one.
    verified: mined !== null && result !== null,
    finalized: record.state === 'finalized',
    timings: timings(message.receivedAt, states),
    evidence: {
      domain: { chainId: domain.chainId.toString(), verifyingContract: domain.verifyingContract },
      message: {
        nonce: message.nonce?.toString() ?? null,
        payloadHash: message.payloadHash,
        auth: message.auth,
        signature: message.signature,
        receivedAt: message.receivedAt,
        digest: messageDigest(domain, message),
      },
      inclusion: { ...inclusionProof(leaves, index), blind: leafBlind(record.salt, message.id) },
      task: {
        configHash: task.configHash,
        messageCount: task.messageCount,
        inputCommitment: task.inputCommitment,
        sequencer: task.sequencer,
        signature: record.taskSignature,
      },
      assignment: assignment && {
        deadline: assignment.value.deadline.toString(),
        attempt: assignment.value.attempt.toString(),
        signature: assignment.signature,
      },
      result: result && {
        proofHash: result.value.proofHash,
        outputs: outputs ?? '0x',
        outputsHash: result.value.outputsHash,
        chainId: result.value.chainId.toString(),
        router: result.value.router,
        signature: result.signature,
      },
      blockHash: mined?.blockHash ?? null,
    },
  }
}

function timings(acceptedAt: number, states: readonly StateLogEntry[]): Record<string, number> {
  const spent: Record<string, number> = {}
  let before = acceptedAt
  for (const { state, at } of states) {
    spent[state] = (spent[state] ?? 0) + at - before
    before = at
  }
  spent.total = before - acceptedAt
  return spent
}
