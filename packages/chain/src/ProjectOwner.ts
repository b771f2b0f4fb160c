import { fleetManagerAbi, projectRegistrarAbi, verifierRegistryAbi, w3bstreamSettlementAbi } from '@w3bstream/contracts'
import {
  type Address,
  address,
  type Hash,
  type Hex,
  hash,
  type ProjectId,
  projectId,
  verifierKey,
} from '@w3bstream/protocol'
import { encodeFunctionData, toEventSelector } from 'viem'
import type { Contracts } from './Contracts.ts'
import { callFailure } from './callFailure.ts'
import { RpcError } from './RpcError.ts'
import { readContract } from './readContract.ts'
import { requireSelector } from './requireSelector.ts'
import { TransactionFailedError } from './TransactionFailedError.ts'
import { type Operator, transact } from './transact.ts'

/** What an owner registers about a verifier contract. */
export interface VerifierRegistration {
  readonly verifier: Address
  readonly outputWords: number
  readonly proofBytes: number
  readonly verifyGas: number
  readonly inputBound: boolean
  /** A guest of RISC Zero; absent: a Halo2 circuit. Its `proofBytes` are those of a Groth16 seal. */
  readonly riscZero?: RiscZeroGuest
}

/** What makes a receipt one of this guest. */
export interface RiscZeroGuest {
  /** Its eight 32-bit words one after the other, each little end first. */
  readonly imageId: Hash
  /** What its receipts begin with, 4 bytes. */
  readonly selector: Hex
}

const UPSERTED = toEventSelector('ProjectUpserted(uint64,string,bytes32)')
const KIND_HALO2 = 1
const KIND_RISC0 = 2
const HALO2: RiscZeroGuest = { imageId: hash(`0x${'0'.repeat(64)}`), selector: '0x00000000' }

/** What a project's owner does on-chain. Everything but `createProject` may be repeated: what is so already is not sent again. */
export class ProjectOwner {
  readonly #operator: Operator
  readonly #contracts: Contracts

  constructor(operator: Operator, contracts: Contracts) {
    this.#operator = operator
    this.#contracts = contracts
  }

  /**
   * Registers a project file: a new project, or a project's next file.
   * @param id null: a new project
   * @returns a null transaction where the project is so already
   * @throws {TransactionFailedError} @throws {ChainUnavailableError}
   */
  async registerProject(
    id: ProjectId | null,
    uri: string,
    hash: Hash,
  ): Promise<{ readonly projectId: ProjectId; readonly transactionHash: Hash | null }> {
    return id === null
      ? this.#create(uri, hash)
      : { projectId: id, transactionHash: await this.updateProject(id, uri, hash) }
  }

  /** @returns the new project's id. @throws {TransactionFailedError} @throws {ChainUnavailableError} */
  async createProject(uri: string, hash: Hash): Promise<ProjectId> {
    return (await this.#create(uri, hash)).projectId
  }

  async #create(uri: string, hash: Hash): Promise<{ projectId: ProjectId; transactionHash: Hash }> {
    const what = 'Registering the project'
    const { logs, transactionHash } = await transact(this.#operator, what, {
      to: this.#contracts.projectRegistrar,
      data: encodeFunctionData({ abi: projectRegistrarAbi, functionName: 'createProject', args: [uri, hash] }),
    })
    const id = logs.find(({ topics }) => topics[0] === UPSERTED)?.topics[1]
    if (id === undefined) throw new TransactionFailedError({ what, reason: 'the receipt names no project' })
    return { projectId: projectId(BigInt(id)), transactionHash }
  }

  /** @returns the transaction's hash, or null where the project is so already */
  async updateProject(id: ProjectId, uri: string, hash: Hash): Promise<Hash | null> {
    const registered = await this.#registered(id)
    if (registered.uri === uri && registered.hash === hash) return null
    const { transactionHash } = await transact(this.#operator, 'Updating the project', {
      to: this.#contracts.projectRegistrar,
      data: encodeFunctionData({ abi: projectRegistrarAbi, functionName: 'updateProject', args: [id, uri, hash] }),
    })
    return transactionHash
  }

  /** @returns the sha-256 of the project's file, as the chain has it now; zero where there is no such project */
  async configHash(id: ProjectId): Promise<Hash> {
    return (await this.#registered(id)).hash
  }

  /** Lets an account sign the project's tasks and assignments. */
  async allowSequencer(id: ProjectId, sequencer: Address): Promise<void> {
    const call = { address: this.#contracts.fleetManager, abi: fleetManagerAbi } as const
    const args = [sequencer, id] as const
    if (await readContract(this.#operator.chain, { ...call, functionName: 'isSequencerAllowed', args })) return
    await transact(this.#operator, 'Allowing the sequencer', {
      to: this.#contracts.fleetManager,
      data: encodeFunctionData({ abi: fleetManagerAbi, functionName: 'allowSequencer', args: [id, sequencer] }),
    })
  }

  /**
   * Sets the verifier of a project version, for good.
   * @returns its key, as well where the version has a verifier already: `verifierOf` says which
   * @throws {InvalidInputError} the contract does not verify receipts of the guest's selector
   */
  async registerVerifier(p: {
    readonly id: ProjectId
    readonly configHash: Hash
    readonly version: string
    readonly verifier: VerifierRegistration
  }): Promise<Hash> {
    const key = verifierKey(p.id, p.configHash, p.version)
    if ((await this.verifierOf(key)) !== null) return key
    const { riscZero, ...verifier } = p.verifier
    if (riscZero !== undefined) await requireSelector(this.#operator.chain, verifier.verifier, riscZero.selector)
    const entry = { ...verifier, kind: riscZero === undefined ? KIND_HALO2 : KIND_RISC0, ...(riscZero ?? HALO2) }
    await transact(this.#operator, 'Registering the verifier', {
      to: this.#contracts.verifierRegistry,
      data: encodeFunctionData({
        abi: verifierRegistryAbi,
        functionName: 'registerVerifier',
        args: [p.id, p.configHash, p.version, entry],
      }),
    })
    return key
  }

  /** @returns what is registered under a verifier key, or null */
  async verifierOf(key: Hash): Promise<VerifierRegistration | null> {
    const call = { address: this.#contracts.verifierRegistry, abi: verifierRegistryAbi } as const
    try {
      const [entry] = await readContract(this.#operator.chain, { ...call, functionName: 'verifierOf', args: [key] })
      const { outputWords, proofBytes, verifyGas, inputBound, imageId, selector } = entry
      const registration = { verifier: address(entry.verifier), outputWords, proofBytes, verifyGas, inputBound }
      return entry.kind === KIND_RISC0
        ? { ...registration, riscZero: { imageId: hash(imageId), selector } }
        : registration
    } catch (error) {
      if (error instanceof RpcError && callFailure(error).name === 'VerifierNotRegistered') return null
      throw error
    }
  }

  /** Makes a contract the receiver of the project's results. */
  async bindDapp(id: ProjectId, dapp: Address): Promise<void> {
    const call = { address: this.#contracts.settlement, abi: w3bstreamSettlementAbi } as const
    if (address(await readContract(this.#operator.chain, { ...call, functionName: 'dapp', args: [id] })) === dapp)
      return
    await transact(this.#operator, 'Binding the dApp', {
      to: this.#contracts.settlement,
      data: encodeFunctionData({ abi: w3bstreamSettlementAbi, functionName: 'bindDapp', args: [id, dapp] }),
    })
  }

  async #registered(id: ProjectId): Promise<{ uri: string; hash: Hash }> {
    const call = { address: this.#contracts.projectRegistrar, abi: projectRegistrarAbi } as const
    const [uri, sha256] = await readContract(this.#operator.chain, { ...call, functionName: 'projects', args: [id] })
    return { uri, hash: hash(sha256) }
  }
}
