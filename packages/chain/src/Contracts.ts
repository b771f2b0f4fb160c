import type { Address } from '@w3bstream/protocol'

/** Addresses of one deployment. They share one chain; the registrar's is the typed data's verifying contract. */
export interface Contracts {
  readonly projectRegistrar: Address
  readonly nodeRegistry: Address
  readonly proverRegistrar: Address
  readonly fleetManager: Address
  readonly verifierRegistry: Address
  readonly settlement: Address
  /** Takes Groth16 receipts of RISC Zero 3.x. Deployments of before it was there have none. */
  readonly riscZeroVerifier?: Address | null
  /** Hands RISC Zero receipts to the verifier of their selector, until it is stopped. */
  readonly riscZeroRouter?: Address | null
}
