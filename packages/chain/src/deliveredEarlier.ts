import type { Delivered } from '@w3bstream/core/ports'
import type { Earlier } from './EthereumSender.ts'

/** @returns what an earlier delivery means for this one; null: the task may have a nonce */
export function deliveredEarlier(earlier: Earlier): Delivered | null {
  switch (earlier.type) {
    case 'none':
      return null
    case 'submitted':
      return { type: 'submitted' }
    case 'unsigned':
      return { type: 'waiting', reason: 'its nonce is being signed for, or was given up', retryAfterMs: 1_000 }
    case 'mined':
      if (earlier.outcome.type === 'settled') return { type: 'consumed', settlement: earlier.outcome.settlement }
      if (earlier.final) return null
      return { type: 'waiting', reason: 'its earlier transaction reverted and is not final yet', retryAfterMs: 2_000 }
  }
}
