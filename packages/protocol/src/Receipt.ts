import type { Address, Hex } from './Hex.ts'

/**
 * One message's way from its device to its block, as JSON: 64-bit integers are decimal strings. The flat fields are for people and scripts;
 * `evidence` lets anybody check them: everything but the chain's event offline.
 */
export interface Receipt {
  readonly format: 'w3bstream-receipt-1'
  readonly messageId: string
  readonly taskId: string
  readonly taskNumber: string
  readonly projectId: string
  readonly projectVersion: string
  readonly device: string | null
  readonly state: string
  /** Why the task failed, while `state` is `failed`. */
  readonly failure: string | null
  readonly merkleRoot: Hex
  /** True where the proof was made over these very messages. */
  readonly inputBound: boolean
  readonly runtime: string
  readonly proofBytes: number | null
  readonly prover: Address | null
  readonly chainId: number | null
  readonly contract: Address | null
  readonly transactionHash: Hex | null
  readonly blockNumber: number | null
  readonly gasUsed: number | null
  /** Verified on-chain: mined and successful, with the proof checked by the registered verifier. */
  readonly verified: boolean
  readonly finalized: boolean
  /**
   * Milliseconds until each state was reached from the one before, the first from the message's acceptance: `{packed, assigned, proved, …, total}`.
   * A state that was reached more than once has the sum.
   */
  readonly timings: Readonly<Record<string, number>>
  readonly evidence: {
    readonly domain: { readonly chainId: string; readonly verifyingContract: Address }
    readonly message: {
      readonly nonce: string | null
      readonly payloadHash: Hex
      readonly auth: string
      readonly signature: Hex | null
      readonly receivedAt: number
      readonly digest: Hex
    }
    readonly inclusion: {
      readonly index: number
      readonly count: number
      readonly path: readonly Hex[]
      readonly blind: Hex
    }
    readonly task: {
      readonly configHash: Hex
      readonly messageCount: number
      readonly inputCommitment: Hex
      readonly sequencer: Address
      readonly signature: Hex | null
    }
    readonly assignment: { readonly deadline: string; readonly attempt: string; readonly signature: Hex } | null
    readonly result: {
      readonly proofHash: Hex
      readonly outputs: Hex
      readonly outputsHash: Hex
      readonly chainId: string
      readonly router: Address
      readonly signature: Hex
    } | null
    readonly blockHash: Hex | null
  }
}
