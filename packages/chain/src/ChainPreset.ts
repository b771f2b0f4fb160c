import type { Address } from '@w3bstream/protocol'

/** What differs between chains. */
export interface ChainPreset {
  readonly chainId: bigint
  readonly name: string
  /** `legacy` where blocks have no base fee. */
  readonly feeMode: 'eip1559' | 'legacy'
  /** A block is final when this many follow it; 0: at once. */
  readonly finalityDepth: number
  /** Nothing is sent at a higher price of gas, in wei. */
  readonly maxFeePerGas: bigint
  readonly blockTimeMs: number
  /**
   * Whether endpoints answer what a contract or an account's nonce was as of a block. Where they do not, they answer as of now, and count pending
   * transactions as sent: only receipts tell what is mined.
   */
  readonly historicalState: boolean
  /** Most blocks that one `eth_getLogs` may ask for. */
  readonly logRange: number
  /** Public endpoints, best first; an operator's own come before them. */
  readonly rpc: readonly string[]
  /** Contracts of the earlier W3bstream network, by name. They are never called; as targets of a project they are refused. */
  readonly knownContracts: Readonly<Record<string, Address>>
}

/** A chain on a developer's machine, where test keys and test verifiers are at home. */
export const LOCAL_CHAIN_ID = 31337n
