import { type Address, concatBytes, fromHex, toHex, toWord } from './Hex.ts'
import type { Hash, ProjectId, TaskId } from './ids.ts'
import { keccak } from './keccak.ts'
import type { Assignment, Result, Task } from './Task.ts'

/** The EIP-712 domain `W3bstream`, version `1`: one deployment, one registry. */
export interface Domain {
  /** Chain of the registry. */
  readonly chainId: bigint
  /** Address of the ProjectRegistrar. */
  readonly verifyingContract: Address
}

/** EIP-712 type strings, as wallets and contracts spell them. */
export const TYPES = {
  Task: 'Task(uint64 projectId,string version,bytes32 configHash,bytes32 messagesRoot,uint64 messageCount,bytes32 inputCommitment,address sequencer,uint64 number)',
  Assignment: 'Assignment(bytes32 task,address prover,uint64 deadline,uint64 attempt)',
  Result: 'Result(bytes32 task,address prover,bytes32 proofHash,bytes32 outputsHash,uint256 chainId,address router)',
  Message: 'Message(uint64 projectId,string version,string device,uint64 nonce,bytes32 payloadHash)',
} as const

const utf8 = new TextEncoder()
const typeHash = {
  Task: keccak(utf8.encode(TYPES.Task)),
  Assignment: keccak(utf8.encode(TYPES.Assignment)),
  Result: keccak(utf8.encode(TYPES.Result)),
  Message: keccak(utf8.encode(TYPES.Message)),
}
const domainType = keccak(
  utf8.encode('EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)'),
)
const domainName = keccak(utf8.encode('W3bstream'))
const domainVersion = keccak(utf8.encode('1'))

const uint64 = (value: bigint | number): Uint8Array => toWord(inUint64(BigInt(value)))

function inUint64(value: bigint): bigint {
  if (value < 0n || value >= 1n << 64n) throw new RangeError(`${value} does not fit uint64`)
  return value
}

const MAX_TEXTS = 4_096
const texts = new Map<string, Uint8Array>()

/** The hash of a version or a device: few, and each comes again with the next message. */
function text(value: string): Uint8Array {
  const known = texts.get(value)
  if (known !== undefined) return known
  const hashed = keccak(utf8.encode(value))
  if (texts.size >= MAX_TEXTS) texts.clear()
  if (value.length <= 256) texts.set(value, hashed)
  return hashed
}

const account = (value: Address): Uint8Array => {
  const bytes = fromHex(value)
  if (bytes.length !== 20) throw new RangeError('an address has 20 bytes')
  return concatBytes(new Uint8Array(12), bytes)
}
const bytes32 = (value: string): Uint8Array => {
  const bytes = fromHex(value)
  if (bytes.length !== 32) throw new RangeError('expected 32 bytes')
  return bytes
}

let lastDomain: { chainId: bigint; verifyingContract: Address; separator: Uint8Array } | undefined

/** @returns the 32-byte EIP-712 domain separator. */
export function domainSeparator(domain: Domain): Uint8Array {
  // A process signs for one deployment: the last separator is nearly always the one asked for.
  if (lastDomain?.chainId === domain.chainId && lastDomain.verifyingContract === domain.verifyingContract)
    return lastDomain.separator
  const separator = keccak(
    concatBytes(domainType, domainName, domainVersion, toWord(domain.chainId), account(domain.verifyingContract)),
  )
  lastDomain = { ...domain, separator }
  return separator
}

const digest = (domain: Domain, ...words: Uint8Array[]): Hash => seal(domain, concatBytes(...words))

/** The EIP-712 digest of an encoded struct. */
function seal(domain: Domain, struct: Uint8Array): Hash {
  sealed.set(domainSeparator(domain), 2)
  sealed.set(keccak(struct), 34)
  return toHex(keccak(sealed)) as Hash
}
const sealed = new Uint8Array(66)
sealed.set([0x19, 0x01])

/** @returns the task's id: its full EIP-712 digest. */
export function taskDigest(domain: Domain, task: Task): TaskId {
  return digest(
    domain,
    typeHash.Task,
    uint64(task.projectId),
    text(task.version),
    bytes32(task.configHash),
    bytes32(task.messagesRoot),
    uint64(task.messageCount),
    bytes32(task.inputCommitment),
    account(task.sequencer),
    uint64(task.number),
  ) as unknown as TaskId
}

/** @returns the digest that the sequencer signs to assign a task. */
export function assignmentDigest(domain: Domain, assignment: Assignment): Hash {
  return digest(
    domain,
    typeHash.Assignment,
    bytes32(assignment.task),
    account(assignment.prover),
    uint64(assignment.deadline),
    uint64(assignment.attempt),
  )
}

/** @returns the digest that the prover signs with its proof. */
export function resultDigest(domain: Domain, result: Result): Hash {
  return digest(
    domain,
    typeHash.Result,
    bytes32(result.task),
    account(result.prover),
    bytes32(result.proofHash),
    bytes32(result.outputsHash),
    toWord(result.chainId),
    account(result.router),
  )
}

/** What a message digest covers. An unsigned message has device `''` and nonce 0. */
export interface MessageFields {
  readonly projectId: ProjectId
  readonly version: string
  readonly device: string | null
  readonly nonce: bigint | null
  /** sha-256 of the payload's UTF-8 bytes. */
  readonly payloadHash: Hash
}

/** @returns the message digest: what a device signs on `/v1`, and what a Merkle leaf commits to. */
export function messageDigest(domain: Domain, { projectId, version, device, nonce, payloadHash }: MessageFields): Hash {
  messageView.setBigUint64(56, inUint64(projectId))
  messageWords.set(text(version), 64)
  messageWords.set(text(device ?? ''), 96)
  messageView.setBigUint64(152, inUint64(nonce ?? 0n))
  messageWords.set(bytes32(payloadHash), 160)
  return seal(domain, messageWords)
}

/** The six words of a message, kept: one is made for each that comes and each that is packed. */
const messageWords = new Uint8Array(192)
const messageView = new DataView(messageWords.buffer)
messageWords.set(typeHash.Message)

/** keccak256(abi.encode(task, prover)): ties a proof to the prover that was asked for it. */
export function bindingOf(task: TaskId, prover: Address): Hash {
  return toHex(keccak(concatBytes(bytes32(task), account(prover)))) as Hash
}

/** The verifier registry's key of a project version: keccak256(abi.encode(projectId, configHash, keccak256(bytes(version)))). */
export function verifierKey(projectId: ProjectId, configHash: Hash, version: string): Hash {
  return toHex(keccak(concatBytes(uint64(projectId), bytes32(configHash), text(version)))) as Hash
}

/** keccak256 as hex. */
export function keccak256(bytes: Uint8Array): Hash {
  return toHex(keccak(bytes)) as Hash
}
