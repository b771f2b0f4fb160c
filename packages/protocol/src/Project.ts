import type { Address } from './Hex.ts'
import type { Hash, ProjectId } from './ids.ts'

export type VmType = 'halo2' | 'risc0' | 'zkwasm' | 'wasm'

/** A numeric field that the input commitment covers: value x 10^scale lies in [min, max]. */
export interface InputField {
  readonly name: string
  readonly scale: number
  readonly min: bigint
  readonly max: bigint
}

/** How the proof is bound to what was received. */
export type InputScheme =
  | { readonly scheme: 'none' }
  | { readonly scheme: 'sha256' }
  | { readonly scheme: 'poseidon-bn254'; readonly capacity: number; readonly fields: readonly InputField[] }

/** Where a proof goes. `settlement` is this deployment's own router. */
export type Output =
  | { readonly type: 'stdout' }
  | {
      readonly type: 'settlement'
      /** ABI of the project's dApp, as the file has it: JSON text, checked to parse as an array. Decodes what the dApp reverts with. */
      readonly contractAbiJSON?: string
    }
  | {
      readonly type: 'ethereumContract'
      readonly chainEndpoint: string
      readonly contractAddress: Address
      readonly receiverAddress: Address | null
      readonly contractMethod: string
      /** The ABI as the project file has it: JSON text, checked to parse as an array. */
      readonly contractAbiJSON: string
    }
  | {
      readonly type: 'solanaProgram'
      readonly chainEndpoint: string
      readonly programID: string
      readonly stateAccountPK: string | null
    }
  | { readonly type: 'textile'; readonly vaultID: string }

/** One version of a project, whichever shape of project file it came from. */
export interface ProjectVersion {
  readonly version: string
  readonly vmType: VmType
  /** hex(zlib(program)) as it stands in the file. */
  readonly code: string
  readonly codeExpParam: string | null
  readonly outputs: readonly Output[]
  readonly aggregation: {
    /** Messages a task; at least 1. */
    readonly amount: number
    /** Close a task when its oldest message has waited so long. */
    readonly maxAgeMs: number | null
    /** Close a task at so many payload bytes. */
    readonly maxBytes: number | null
  }
  readonly proverAmount: number
  readonly inputs: InputScheme
  /** A key file for the program, fetched and hash-checked like the project file itself. */
  readonly provingKey: { readonly uri: string; readonly hash: Hash } | null
  /** The verifier contract that the owner says is registered: a prover takes no other. */
  readonly verifier?: { readonly address: Address }
  readonly limits: { readonly timeoutMs: number | null; readonly memoryBytes: number | null }
  readonly retentionDays: number | null
  readonly devices: {
    /** May messages come without a device signature? Default accept, as the older API has it. */
    readonly unsigned: 'accept' | 'reject'
    /** May the older API's signed messages, which have no nonce, repeat? Default accept, counted. */
    readonly legacyReplay: 'accept' | 'reject'
  }
  /** Fields of the file's version object that this software does not know. */
  readonly unknown: Readonly<Record<string, unknown>>
}

/** A project file, parsed. */
export interface ProjectConfig {
  /** sha-256 of the file. */
  readonly hash: Hash
  readonly defaultVersion: string
  readonly versions: readonly ProjectVersion[]
  /** Fields of the file's outermost object that this software does not know; absent where there are none. */
  readonly unknown?: Readonly<Record<string, unknown>>
}

/** A project as the registry has it. */
export interface ProjectRecord {
  readonly id: ProjectId
  /** Up to 2,048 bytes; where more are registered, a text that names no place and says so. */
  readonly uri: string
  readonly hash: Hash
  readonly paused: boolean
  readonly owner: Address | null
  /** Block at which this was read. */
  readonly block: bigint
}
