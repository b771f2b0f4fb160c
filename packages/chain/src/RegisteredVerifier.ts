import { riscZeroGroth16VerifierAbi, verifierRegistryAbi } from '@w3bstream/contracts'
import type { Verdict, Verifier } from '@w3bstream/core/ports'
import {
  type Address,
  address,
  ChainUnavailableError,
  concatBytes,
  fromHex,
  type Hash,
  type Hex,
  hash,
  keccak256,
  ProofRejectedError,
  type Task,
  type TaskId,
  toHex,
  verifierKey,
} from '@w3bstream/protocol'
import { encodeFunctionData, sha256 } from 'viem'
import type { ChainClient } from './ChainClient.ts'
import { LOCAL_CHAIN_ID } from './ChainPreset.ts'
import { callFailure } from './callFailure.ts'
import { RpcError } from './RpcError.ts'
import { readable } from './readable.ts'
import { readContract } from './readContract.ts'
import { riscZeroRelease } from './riscZeroRelease.ts'
import { TEST_SRS_MARKER } from './testSrsMarker.ts'

/** A program's verifier, as its project's owner registered it. */
export interface VerifierEntry {
  readonly key: Hash
  readonly verifier: Address
  readonly kind: 'halo2' | 'risc0'
  readonly outputWords: number
  readonly proofBytes: number
  readonly verifyGas: bigint
  /** Whether the program opens the task's input commitment. */
  readonly inputBound: boolean
  readonly codeHash: Hash
  /** Of a guest, zero for circuits: the image id, and what its receipts begin with. */
  readonly imageId: Hash
  readonly selector: Hex
}

export interface RegisteredVerifierOptions {
  /** How long an entry is taken for granted: so late a revocation may be noticed here, and never on-chain. */
  readonly cacheMs: number
  /** Byte strings that give away a verifier made from a test SRS, whose proofs anybody can forge. Refused but on a local chain. */
  readonly testSrsMarkers: readonly Hex[]
}

type Found =
  | { readonly type: 'entry'; readonly entry: VerifierEntry; readonly insecure: boolean }
  | { readonly type: 'unregistered' }
  | { readonly type: 'revoked' }
  | { readonly type: 'codeChanged' }
  | { readonly type: 'unknownKind' }

/** Order of BN254's scalar field. */
const R = 21888242871839275222246405745257275088548364400416034343698204186575808495617n
const KINDS: Readonly<Record<number, VerifierEntry['kind']>> = { 1: 'halo2', 2: 'risc0' }
const MAX_CACHED = 1_000
/** The transaction's own cost and, at the most that any fork asks, its calldata's: on top of what the verifier gets. */
const BASE_GAS = 21_000n
const GAS_PER_BYTE = 40n

/**
 * Judges proofs by the contract that the project's owner registered, run by `eth_call` exactly as the settlement router calls it: same inputs,
 * same checks, same gas.
 */
export class RegisteredVerifier implements Verifier {
  readonly #chain: ChainClient
  readonly #registry: Address
  readonly #options: RegisteredVerifierOptions
  readonly #cache = new Map<Hash, { readonly until: number; readonly found: Promise<Found> }>()

  constructor(
    modules: { readonly chain: ChainClient; readonly contracts: { readonly verifierRegistry: Address } },
    options: Partial<RegisteredVerifierOptions> = {},
  ) {
    this.#chain = modules.chain
    this.#registry = modules.contracts.verifierRegistry
    this.#options = { cacheMs: 30_000, testSrsMarkers: [TEST_SRS_MARKER], ...options }
  }

  /** @returns the entry of a project version, or null where there is none that is in force. @throws {ChainUnavailableError} */
  async entry(task: Pick<Task, 'projectId' | 'configHash' | 'version'>): Promise<VerifierEntry | null> {
    const found = await this.#find(verifierKey(task.projectId, task.configHash, task.version))
    return found.type === 'entry' ? found.entry : null
  }

  async verify(p: {
    readonly task: Task
    readonly taskId: TaskId
    readonly binding: Hash
    readonly proof: Uint8Array
    readonly outputs: Hex
    readonly named: Address | null
    readonly settles: boolean
  }): Promise<Verdict> {
    const reject = (reason: string) => new ProofRejectedError({ task: p.taskId, reason })
    const found = await this.#find(verifierKey(p.task.projectId, p.task.configHash, p.task.version))
    switch (found.type) {
      case 'unregistered':
        return 'unregistered'
      case 'revoked':
        throw reject('the verifier of this project version was revoked')
      case 'codeChanged':
        throw reject("the verifier's code is not what was registered")
      case 'unknownKind':
        throw reject('its verifier is of a kind that this release does not know')
      case 'entry':
        if (found.insecure)
          throw reject('its verifier was made from a test SRS, by which anybody can forge proofs: local chains only')
    }
    const { entry } = found
    // The runtime makes the form that chains verify only where one will.
    if (entry.kind === 'risc0' && !p.settles && p.proof.length !== riscZeroRelease.sealBytes) return 'offChain'
    if (p.named !== null && p.named !== entry.verifier)
      throw reject(`its project file names the verifier ${p.named}, but ${entry.verifier} is registered`)
    const problem = misshapen(entry, p.task, p.proof, p.outputs)
    if (problem !== null) throw reject(problem)
    await this.#run(entry, calldata(entry, p.binding, p.task.inputCommitment, p.outputs, p.proof), reject)
    return 'verified'
  }

  async #run(entry: VerifierEntry, data: Hex, reject: (reason: string) => ProofRejectedError): Promise<void> {
    const gas = entry.verifyGas + BASE_GAS + GAS_PER_BYTE * BigInt((data.length - 2) / 2)
    let answer: Hex
    try {
      answer = await this.#chain.call({ to: entry.verifier, data, gas })
    } catch (error) {
      if (!(error instanceof RpcError)) throw error
      if (!isVerdict(error))
        throw new ChainUnavailableError({ chainId: this.#chain.chainId, reason: error.message, cause: error })
      throw reject(`the verifier does not accept it (${callFailure(error).reason})`)
    }
    if (answer !== '0x') throw reject('the verifier answered, where a valid proof gets no answer')
  }

  async #find(key: Hash): Promise<Found> {
    const cached = this.#cache.get(key)
    if (cached !== undefined && cached.until > Date.now()) return cached.found
    if (this.#cache.size >= MAX_CACHED) this.#cache.clear()
    const found = this.#read(key)
    this.#cache.set(key, { until: Date.now() + this.#options.cacheMs, found })
    try {
      const { type } = await found
      // Absence is not remembered: the owner may be registering it right now.
      if (type !== 'entry') this.#cache.delete(key)
    } catch (error) {
      this.#cache.delete(key)
      throw error
    }
    return found
  }

  async #read(key: Hash): Promise<Found> {
    let registered: readonly [
      {
        verifier: Hex
        kind: number
        outputWords: number
        proofBytes: number
        verifyGas: number
        inputBound: boolean
        imageId: Hex
        selector: Hex
      },
      Hex,
    ]
    try {
      registered = await readContract(this.#chain, {
        address: this.#registry,
        abi: verifierRegistryAbi,
        functionName: 'verifierOf',
        args: [key],
      })
    } catch (error) {
      if (!(error instanceof RpcError)) throw error
      const { name, reason } = callFailure(error)
      if (name === 'VerifierNotRegistered') return { type: 'unregistered' }
      if (name === 'VerifierIsRevoked') return { type: 'revoked' }
      throw new ChainUnavailableError({ chainId: this.#chain.chainId, reason, cause: error })
    }
    const [{ verifier, outputWords, proofBytes, verifyGas, inputBound, imageId, selector }, codeHash] = registered
    const kind = KINDS[registered[0].kind]
    if (kind === undefined) return { type: 'unknownKind' }
    const code = await readable(this.#chain, () => this.#chain.code(verifier))
    if (keccak256(fromHex(code)) !== codeHash) return { type: 'codeChanged' }
    const entry = {
      key,
      verifier: address(verifier),
      kind,
      outputWords,
      proofBytes,
      verifyGas: BigInt(verifyGas),
      inputBound,
      codeHash: hash(codeHash),
      imageId: hash(imageId),
      selector,
    }
    const marked = this.#options.testSrsMarkers.some((marker) => code.includes(marker.slice(2).toLowerCase()))
    return { type: 'entry', entry, insecure: marked && this.#chain.chainId !== LOCAL_CHAIN_ID }
  }
}

/** What the router would refuse before it asks the verifier; null when nothing. */
function misshapen(entry: VerifierEntry, task: Task, proof: Uint8Array, outputs: Hex): string | null {
  const length = (outputs.length - 2) / 2
  if (length !== 32 * entry.outputWords) return `its outputs have ${length} bytes, not ${32 * entry.outputWords}`
  if (entry.kind === 'risc0') {
    const problem = misshapenSeal(entry, proof)
    if (problem !== null) return problem
  } else if (proof.length !== entry.proofBytes) return `it has ${proof.length} bytes, not ${entry.proofBytes}`
  if (!entry.inputBound && BigInt(task.inputCommitment) !== 0n)
    return 'the program does not open the input commitment that the task claims'
  // A guest's words may have any value.
  if (entry.kind === 'risc0') return null
  if (BigInt(task.inputCommitment) >= R) return 'the input commitment is not in the field'
  for (let i = 0; i < entry.outputWords; i++)
    if (BigInt(`0x${outputs.slice(2 + 64 * i, 66 + 64 * i)}`) >= R) return `output ${i} is not in the field`
  return null
}

function misshapenSeal(entry: VerifierEntry, seal: Uint8Array): string | null {
  if (seal.length !== riscZeroRelease.sealBytes)
    return `it has ${seal.length} bytes, and a RISC Zero receipt in its Groth16 form, the only one that chains verify, has ${riscZeroRelease.sealBytes}`
  const selector = toHex(seal.slice(0, 4))
  return selector === entry.selector ? null : `it begins with the selector ${selector}, not ${entry.selector}`
}

/**
 * What the router asks the verifier.
 * - Halo2: public inputs, then the proof: binding's two halves, the input commitment, the outputs.
 * - RISC Zero: seal, image id, and the digest of the journal: binding, input commitment, outputs.
 */
function calldata(entry: VerifierEntry, binding: Hash, inputCommitment: Hash, outputs: Hex, proof: Uint8Array): Hex {
  if (entry.kind === 'risc0') {
    const journal = concatBytes(fromHex(binding), fromHex(inputCommitment), fromHex(outputs))
    const args = [toHex(proof), entry.imageId, sha256(journal)] as const
    return encodeFunctionData({ abi: riscZeroGroth16VerifierAbi, functionName: 'verify', args })
  }
  const zeros = '0'.repeat(32)
  const high = binding.slice(2, 34)
  const low = binding.slice(34)
  return `0x${zeros}${high}${zeros}${low}${inputCommitment.slice(2)}${outputs.slice(2)}${toHex(proof).slice(2)}`
}

/** Whether the verifier itself refused, by a revert or by using up its gas, as opposed to an endpoint that would not run it. */
function isVerdict(error: RpcError): boolean {
  return error.reverted || /out of ?gas|invalid opcode|evm error/i.test(error.message)
}
