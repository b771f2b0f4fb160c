import type { Contracts } from './Contracts.ts'

/** Where a deployment's contracts are. */
export interface Deployment {
  readonly chainId: bigint
  readonly contracts: Contracts
  /** Nothing of the deployment is on the chain before this block. */
  readonly fromBlock: bigint
}
