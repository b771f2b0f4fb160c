import { W3bError } from '@w3bstream/protocol'

/** The data directory's deployment is on another chain than the endpoint. */
export class OtherChainError extends W3bError {
  override readonly name = 'OtherChainError'
  constructor(p: { file: string; endpoint: string; deployment: bigint; chain: bigint }) {
    super('WRONG_DEPLOYMENT', `${p.file} is of chain ${p.deployment}, and ${p.endpoint} is on chain ${p.chain}.`, {
      status: 409,
      hint: 'Name an endpoint of its chain with --rpc, or use another data directory.',
      meta: p,
    })
  }
}
