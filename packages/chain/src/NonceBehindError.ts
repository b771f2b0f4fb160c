import { type Address, W3bError } from '@w3bstream/protocol'

/** The chain knows of transactions of the settlement account that the store does not: an older backup, or another user of the key. */
export class NonceBehindError extends W3bError {
  override readonly name = 'NonceBehindError'
  constructor(p: { chainId: bigint; account: Address; stored: number; chain: number; final: number }) {
    super(
      'NONCE_BEHIND',
      `Account ${p.account} has sent ${p.chain} transactions on chain ${p.chainId}, but the store knows of ${p.stored}.`,
      {
        status: 503,
        meta: p,
        hint:
          p.final < p.chain
            ? `Wait until all ${p.chain} are final (${p.final} are), then start with w3b dev --adopt-chain-nonce, or restore a newer backup.`
            : 'If the store was restored from a backup, restore a newer one or start with w3b dev --adopt-chain-nonce: tasks that the router has consumed are not sent again, while calls of other contracts may be. If something else uses this account, give the settler one of its own.',
      },
    )
  }
}
