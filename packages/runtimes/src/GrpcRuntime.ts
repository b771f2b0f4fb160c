import { status } from '@grpc/grpc-js'
import type { Execution, ProofOutput, ProveJob, ProveProgress, Runtime } from '@w3bstream/core/ports'
import { ProgramError, ProgramLimitError, toHex, UnsupportedRuntimeError, type VmType } from '@w3bstream/protocol'
import { OlderClient, type OlderProtocol } from './external/OlderClient.ts'
import { readOlderResult } from './external/readOlderResult.ts'
import { GrpcConnection, type GrpcConnectionOptions } from './grpc/GrpcConnection.ts'
import { GrpcFailure } from './grpc/GrpcFailure.ts'
import { RuntimeClient } from './grpc/RuntimeClient.ts'
import { readRuntimeAddress } from './grpc/readRuntimeAddress.ts'
import { taskErrorOf } from './grpc/taskErrorOf.ts'
import { executeCircuit, proveCircuit } from './halo2/proveCircuit.ts'
import type { RuntimeEngine } from './native/RuntimeEngine.ts'
import { guestImageId, guestProofFault } from './risc0/checkGuestProof.ts'
import { executeGuest, proveGuest } from './risc0/proveGuest.ts'
import { readJournal } from './risc0/readJournal.ts'
import { untilAborted } from './untilAborted.ts'

export interface GrpcRuntimeOptions extends GrpcConnectionOptions {
  readonly vmType: VmType
  /** As `readRuntimeAddress` takes it. */
  readonly address: string
  /** This node's native runtime, which checks what it can. */
  readonly checker: RuntimeEngine | null
}

/** Of the older protocols those that the server may know, the likelier first. */
interface Older {
  readonly older: OlderClient[]
}

type Spoken = 'ours' | Older

/**
 * Runs programs in a runtime image of the operator's, by whichever protocol it speaks: ours, `vm_runtime` or `vm`, found by asking. What it returns is
 * believed only as far as this node's native runtime can verify it; the rest has `checkedBy` null.
 */
export class GrpcRuntime implements Runtime {
  readonly vmType: VmType
  readonly #connection: GrpcConnection
  readonly #engine: RuntimeEngine
  readonly #client: RuntimeClient
  readonly #checker: RuntimeEngine | null
  #spoken: { readonly generation: number; readonly spoken: Promise<Spoken> } | null = null

  /** Connects to nothing yet. @throws {InvalidConfigError} */
  constructor({ vmType, address, checker, ...options }: GrpcRuntimeOptions) {
    this.vmType = vmType
    this.#connection = new GrpcConnection(readRuntimeAddress(address), options)
    this.#client = new RuntimeClient(this.#connection)
    this.#engine = { at: address, client: async () => this.#client }
    this.#checker = CHECKED.has(vmType) ? checker : null
  }

  /** @throws {ProgramError} @throws {ProgramLimitError} @throws {UnsupportedRuntimeError} @throws {RuntimeLostError} and what `signal` was aborted with */
  async prove(
    job: ProveJob,
    signal: AbortSignal,
    onProgress: (progress: ProveProgress) => void = () => {},
  ): Promise<ProofOutput> {
    const place = { prover: this.#engine, checker: await this.#present(signal) }
    const spoken = await this.#speak(signal)
    if (spoken !== 'ours') return this.#proveOlder(spoken, place.checker, job, signal)
    switch (this.vmType) {
      case 'risc0':
        return proveGuest(place, job, signal, onProgress)
      case 'halo2':
        return proveCircuit(place, job, signal, onProgress)
      default:
        throw this.#unsupported('its protocol is for risc0 and halo2')
    }
  }

  /** @throws as `prove` */
  async execute(job: ProveJob, signal: AbortSignal): Promise<Execution> {
    const spoken = await this.#speak(signal)
    if (spoken !== 'ours') throw this.#unsupported('its protocol knows no execution without a proof')
    switch (this.vmType) {
      case 'risc0':
        return executeGuest({ prover: this.#engine }, job, signal)
      case 'halo2':
        return executeCircuit({ prover: this.#engine }, job, signal)
      default:
        throw this.#unsupported('its protocol is for risc0 and halo2')
    }
  }

  async close(): Promise<void> {
    this.#connection.close()
  }

  /** Asks once a connection, for all who wait. */
  async #speak(signal: AbortSignal): Promise<Spoken> {
    try {
      const generation = await this.#connection.ready(signal)
      if (this.#spoken?.generation !== generation) {
        const asked = { generation, spoken: this.#ask() }
        this.#spoken = asked
        asked.spoken.catch(() => {
          if (this.#spoken === asked) this.#spoken = null
        })
      }
      return await untilAborted(this.#spoken.spoken, signal)
    } catch (error) {
      throw taskErrorOf(error, { vmType: this.vmType, at: this.#engine.at })
    }
  }

  async #ask(): Promise<Spoken> {
    try {
      await this.#client.describe(never)
      return 'ours'
    } catch (error) {
      if (isUnknown(error)) return { older: OLDER.map((protocol) => new OlderClient(this.#connection, protocol)) }
      throw error
    }
  }

  async #proveOlder(
    spoken: Older,
    checker: RuntimeEngine | null,
    job: ProveJob,
    signal: AbortSignal,
  ): Promise<ProofOutput> {
    const result = await this.#runOlder(spoken, job, signal)
    const { proof, raw, guest } = readOlderResult(result, this.vmType)
    const unchecked: ProofOutput = { proof, outputs: '0x', publicInputs: [], raw, checkedBy: null }
    if (guest === null || checker === null) return unchecked
    const imageId = await guestImageId(checker, job, signal).catch((error: unknown) => {
      // A guest of another release, which only its own runtime knows.
      if (error instanceof ProgramError || error instanceof UnsupportedRuntimeError) return null
      throw error
    })
    if (imageId === null) return unchecked
    const fault = await guestProofFault(checker, imageId, guest, signal)
    if (fault === null)
      return { ...unchecked, ...readJournal(guest.journal, job), checkedBy: `image id ${toHex(imageId)}` }
    if (guest.ours) throw this.#failed(`its proof does not hold: ${fault}`)
    // Another release's proof has the same shape.
    return { ...unchecked, proof: result }
  }

  async #runOlder(spoken: Older, job: ProveJob, signal: AbortSignal): Promise<Uint8Array> {
    for (let client = spoken.older[0]; client !== undefined; client = spoken.older[0]) {
      try {
        return await client.run(job, signal)
      } catch (error) {
        if (!isUnknown(error)) throw this.#olderError(error, job.limits.timeoutMs)
        // Not asked again before the next connection.
        if (spoken.older[0] === client) spoken.older.shift()
      }
    }
    throw this.#unsupported('it speaks none of the protocols w3bstream.runtime.v1, vm_runtime and vm')
  }

  /**
   * The older protocols have no codes: what a server states is the program's failure, and a deadline the program's limit. One that forgets a project as
   * soon as it is created is itself at fault.
   */
  #olderError(error: unknown, timeoutMs: number): unknown {
    if (!(error instanceof GrpcFailure)) return error
    if (error.kind === 'late')
      return new ProgramLimitError({ runtime: this.vmType, limit: `time limit of ${timeoutMs} ms` })
    const stated = error.kind === 'refused' && !SAME_MEANING.has(error.code)
    return stated ? this.#failed(error.message) : taskErrorOf(error, { vmType: this.vmType, at: this.#engine.at })
  }

  /** The checker, where its binary is there. */
  async #present(signal: AbortSignal): Promise<RuntimeEngine | null> {
    try {
      await this.#checker?.client(signal)
      return this.#checker
    } catch (error) {
      const failure = taskErrorOf(error, { vmType: this.vmType, at: null })
      if (failure instanceof UnsupportedRuntimeError) return null
      throw failure
    }
  }

  #failed(reason: string): ProgramError {
    return new ProgramError({ runtime: this.vmType, reason: `${this.#engine.at}: ${reason}` })
  }

  #unsupported(reason: string): UnsupportedRuntimeError {
    return new UnsupportedRuntimeError({ runtime: this.vmType, reason: `${this.#engine.at}: ${reason}` })
  }
}

const never = new AbortController().signal
/** Kinds of programs whose proofs the native runtime knows. */
const CHECKED: ReadonlySet<VmType> = new Set(['risc0', 'halo2'])
const OLDER: readonly OlderProtocol[] = ['vmRuntime', 'vm']
const SAME_MEANING: ReadonlySet<number> = new Set([
  status.NOT_FOUND,
  status.RESOURCE_EXHAUSTED,
  status.PERMISSION_DENIED,
  status.UNAUTHENTICATED,
])

const isUnknown = (error: unknown): boolean =>
  error instanceof GrpcFailure && error.kind === 'refused' && error.code === status.UNIMPLEMENTED
