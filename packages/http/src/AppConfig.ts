import type { Allotment } from '@w3bstream/core'

/** Allotments that HTTP itself takes from; absent: no limit. Projects and devices have theirs in `ingest`, which knows who a device is. */
export interface AppQuotas {
  /** Messages, failed attempts at a token, and reads without one, of one peer address. A batch larger than the burst is never taken. */
  readonly perAddress?: Allotment
  /** Messages of one token. */
  readonly perToken?: Allotment
}

export interface AppConfig {
  /** Bound on one message's payload in UTF-8. Default 1 MiB. */
  readonly maxMessageBytes?: number
  /** Messages in one batch. Default 1,000. */
  readonly maxBatch?: number
  /** Bound on the body of a batch. Default 8 MiB. */
  readonly maxBatchBytes?: number
  /** Bound on a published project file. Default 32 MiB. */
  readonly maxProjectFileBytes?: number
  readonly quotas?: AppQuotas
  /** The ProjectRegistrar. */
  readonly projectContractAddress: string
  /** Its chain: with the address, the domain of what devices sign. */
  readonly chainId: bigint
  /** Account that sends to EVM chains. */
  readonly operatorAddress?: string
  readonly operatorSolanaAddress?: string
  /** Proxies of ours before this application: the caller is that many entries from the right of `X-Forwarded-For`. Default 0: the header is not read. */
  readonly trustedProxies?: number
  /** Event streams open at once. Default 256. */
  readonly maxStreams?: number
  /** Milliseconds after which an event stream ends and the client comes back. Default 60,000. */
  readonly streamMs?: number
  /** Milliseconds between a quiet stream's heartbeats. Default 15,000. */
  readonly heartbeatMs?: number
  /** Messages waiting to be stored, above which posts are answered 503. Default 20,000. */
  readonly maxWaiting?: number
  /**
   * Whether requests share work: posts of one turn of the event loop a write, event streams a subscription. Default true; false where requests may not
   * share promises (edge workers), or come one at a time (Lambda).
   */
  readonly coalesce?: boolean
  /** Whether a post of the later API packs what is due, and answers with the task that it filled. Default true; false where another unit packs. */
  readonly packOnPost?: boolean
}
