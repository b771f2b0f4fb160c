import { sha256 } from '@noble/hashes/sha2.js'
import { W3bError } from './errors/W3bError.ts'
import { fromHex, type Hex, toHex } from './Hex.ts'
import { hash, messageId, type ProjectId, projectId, taskId } from './ids.ts'
import { legacySigningDigests } from './legacySigningDigests.ts'
import { leafHash, verifyInclusion } from './merkle.ts'
import { normaliseSignature } from './normaliseSignature.ts'
import { parseDid } from './parseDid.ts'
import { parseReceipt } from './parseReceipt.ts'
import type { Receipt } from './Receipt.ts'
import { recoverSigner } from './recoverSigner.ts'
import { assignmentDigest, type Domain, keccak256, messageDigest, resultDigest, taskDigest } from './typedData.ts'
import { verifyDeviceSignatureSync } from './verifyDeviceSignature.ts'

/** One thing that was looked at. */
export interface ReceiptCheck {
  readonly name: string
  readonly ok: boolean
  /** What holds, or what does not. */
  readonly detail: string
  /** True where there was nothing to check, or not enough to check it with; `ok` is true then. */
  readonly skipped?: true
}

/** What a receipt is worth. */
export interface ReceiptVerdict {
  /** No check failed. */
  readonly ok: boolean
  readonly checks: readonly ReceiptCheck[]
}

/**
 * Checks everything in a receipt that can be checked without a chain: the device signed this message, the message is in this task, the task is the
 * sequencer's, the prover was assigned by it and signed this result, and the flat fields say what the evidence says. Whether the transaction is on the
 * chain, and whether these keys may act for the project, is for the chain to say.
 *
 * @param receipt as parsed from JSON
 * @param options.payload the `data` that the message is said to have: with it the payload's hash is checked, and a signature of the older API
 */
export function verifyReceipt(receipt: unknown, options: { readonly payload?: string } = {}): ReceiptVerdict {
  let read: Receipt
  try {
    read = parseReceipt(receipt)
  } catch (error) {
    return { ok: false, checks: [{ name: 'form', ok: false, detail: reasonOf(error) }] }
  }
  const domain: Domain = {
    chainId: BigInt(read.evidence.domain.chainId),
    verifyingContract: read.evidence.domain.verifyingContract,
  }
  const checks = CHECKS.map(([name, check]): ReceiptCheck => {
    try {
      const outcome = check(read, domain, options.payload)
      return typeof outcome === 'string'
        ? { name, ok: true, detail: outcome }
        : { name, ok: true, detail: outcome.skipped, skipped: true }
    } catch (error) {
      return { name, ok: false, detail: reasonOf(error) }
    }
  })
  return { ok: checks.every((check) => check.ok), checks }
}

/** @returns what holds. Throws with the reason where it does not. */
type Check = (receipt: Receipt, domain: Domain, payload: string | undefined) => string | { readonly skipped: string }

class Failed extends Error {}

function demand(holds: boolean, otherwise: string): void {
  if (!holds) throw new Failed(otherwise)
}

function reasonOf(error: unknown): string {
  if (error instanceof Failed || error instanceof W3bError || error instanceof RangeError) return error.message
  throw error
}

const CHECKS: readonly (readonly [string, Check])[] = [
  ['form', () => 'it has the form of a receipt'],
  ['payload', checkPayloadHash],
  ['message digest', checkMessageDigest],
  ['device signature', checkDevice],
  ['inclusion', checkInclusion],
  ['task id', checkTask],
  ['sequencer signature', checkSequencer],
  ['assignment', checkAssignment],
  ['result', checkResult],
  ['summary', checkSummary],
]

function checkPayloadHash({ evidence }: Receipt, _domain: Domain, payload: string | undefined) {
  if (payload === undefined) return { skipped: 'the payload was not given' }
  const actual = toHex(sha256(new TextEncoder().encode(payload)))
  demand(actual === evidence.message.payloadHash, `the payload has sha-256 ${actual}`)
  return 'the message is over this payload'
}

function checkMessageDigest(receipt: Receipt, domain: Domain): string {
  const { message } = receipt.evidence
  const digest = messageDigest(domain, {
    projectId: idOf(receipt),
    version: receipt.projectVersion,
    device: receipt.device,
    nonce: message.nonce === null ? null : BigInt(message.nonce),
    payloadHash: hash(message.payloadHash),
  })
  demand(digest === message.digest, `project, version, device, nonce and payload hash give ${digest}`)
  return 'it is over project, version, device, nonce and payload hash'
}

function checkDevice(receipt: Receipt, _domain: Domain, payload: string | undefined) {
  const { device, evidence } = receipt
  const { auth, signature, nonce, digest } = evidence.message
  if (auth === 'none' || auth === 'token') {
    demand(device === null && nonce === null && signature === null, `a message of auth ${auth} carries no device`)
    return { skipped: 'no device signed this message' }
  }
  if (device === null || signature === null) throw new Failed('there is no device or no signature')
  if (auth === 'device') {
    demand(nonce !== null, 'there is no nonce')
    verifyDeviceSignatureSync({ did: device, digest: hash(digest), signature: fromHex(signature) })
    return `${device} signed the message, nonce ${nonce}`
  }
  demand(nonce === null, 'a signature of the older API covers no nonce')
  if (payload === undefined) return { skipped: 'a signature of the older API is over the payload, which was not given' }
  const key = parseDid(device)
  const normal = normaliseSignature(fromHex(signature), { highS: 'flip' })
  const digests = legacySigningDigests({ projectId: idOf(receipt), version: receipt.projectVersion, data: payload })
  demand(
    key.type === 'secp256k1' && digests.some((candidate) => recoverSigner(candidate, normal) === key.address),
    `it is not ${device}'s`,
  )
  return `${device} signed the payload, by the older API, without a nonce`
}

function checkInclusion(receipt: Receipt): string {
  const { inclusion, message, task } = receipt.evidence
  demand(inclusion.count === task.messageCount, `it counts ${inclusion.count} messages, the task ${task.messageCount}`)
  const leaf = leafHash(messageId(receipt.messageId), hash(message.digest), hash(inclusion.blind))
  demand(verifyInclusion(leaf, inclusion, hash(receipt.merkleRoot)), 'the path does not lead to the Merkle root')
  return `the message is number ${inclusion.index + 1} of the task's ${inclusion.count}`
}

function checkTask(receipt: Receipt, domain: Domain): string {
  const { task } = receipt.evidence
  const id = taskDigest(domain, {
    projectId: idOf(receipt),
    version: receipt.projectVersion,
    configHash: hash(task.configHash),
    messagesRoot: hash(receipt.merkleRoot),
    messageCount: task.messageCount,
    inputCommitment: hash(task.inputCommitment),
    sequencer: task.sequencer,
    number: BigInt(receipt.taskNumber),
  })
  demand(id === receipt.taskId, `the task's fields give ${id}`)
  return 'it is over project file, Merkle root, count, input commitment, sequencer and number'
}

function checkSequencer(receipt: Receipt) {
  const { task, assignment } = receipt.evidence
  if (task.signature === null) {
    demand(assignment === null, 'the task was assigned, but not signed')
    return { skipped: 'the task is not signed yet' }
  }
  demandSigner(taskId(receipt.taskId), task.signature, task.sequencer)
  return `${task.sequencer} signed the task`
}

function checkAssignment(receipt: Receipt, domain: Domain) {
  const { prover, evidence } = receipt
  const { assignment, task } = evidence
  if (assignment === null || prover === null) {
    demand(assignment === null && prover === null, 'there is a prover without an assignment, or one without a prover')
    return { skipped: 'the task is not assigned yet' }
  }
  const digest = assignmentDigest(domain, {
    task: taskId(receipt.taskId),
    prover,
    deadline: BigInt(assignment.deadline),
    attempt: BigInt(assignment.attempt),
  })
  demandSigner(digest, assignment.signature, task.sequencer)
  return `${task.sequencer} assigned the task to ${prover}, attempt ${assignment.attempt}`
}

function checkResult({ taskId: id, prover, evidence }: Receipt, domain: Domain) {
  const { result } = evidence
  if (result === null) return { skipped: 'there is no signed result' }
  if (prover === null) throw new Failed('there is a result, but no prover')
  const outputsHash = keccak256(fromHex(result.outputs))
  demand(outputsHash === result.outputsHash, `the outputs hash to ${outputsHash}`)
  const digest = resultDigest(domain, {
    task: taskId(id),
    prover,
    proofHash: hash(result.proofHash),
    outputsHash,
    chainId: BigInt(result.chainId),
    router: result.router,
  })
  demandSigner(digest, result.signature, prover)
  return `${prover} signed proof and outputs`
}

function checkSummary(receipt: Receipt): string {
  const { state, evidence, chainId, contract, transactionHash, blockNumber, gasUsed } = receipt
  const { result, assignment, task } = evidence
  const mined = transactionHash !== null
  for (const [name, value] of Object.entries({
    chainId,
    contract,
    blockNumber,
    gasUsed,
    blockHash: evidence.blockHash,
  }))
    demand((value !== null) === mined, `${name} and transactionHash go together`)
  demand(!mined || state === 'settled' || state === 'finalized', `a task that is ${state} has no transaction`)
  demand(receipt.finalized === (state === 'finalized'), `finalized is ${receipt.finalized}, but the task is ${state}`)
  demand(receipt.failure === null || state === 'failed', `a task that is ${state} has no failure`)
  demand(assignment !== null || state === 'packed' || state === 'failed', `a task that is ${state} has an assignment`)
  demand(receipt.verified === (mined && result !== null), `verified is ${receipt.verified}, against the evidence`)
  if (mined && result !== null) {
    demand(String(chainId) === result.chainId, `chainId is ${chainId}, in the result ${result.chainId}`)
    demand(contract === result.router, `contract is ${contract}, in the result ${result.router}`)
  }
  demand(!receipt.inputBound || BigInt(task.inputCommitment) !== 0n, 'inputBound is true without an input commitment')
  demand(!receipt.inputBound || receipt.proofBytes !== null, 'inputBound is true without a proof')
  return 'the flat fields say what the evidence says'
}

function demandSigner(digest: Hex, signature: Hex, signer: Hex): void {
  const actual = recoverSigner(hash(digest), fromHex(signature))
  demand(actual === signer, `${actual} signed it, not ${signer}`)
}

const idOf = (receipt: Receipt): ProjectId => projectId(receipt.projectId)
