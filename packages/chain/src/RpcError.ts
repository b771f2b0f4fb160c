import type { Hex } from '@w3bstream/protocol'

/**
 * What endpoints say of calls that they ran, or would not take as they are: geth, erigon, nethermind, besu, anvil, IoTeX.
 * Everything else (keys, limits, missing state, faults inside) is an endpoint's own trouble.
 */
const OF_CALL = new RegExp(
  [
    'out of ?gas|gas required exceeds|exceeds allowance|exceeds (?:the )?(?:block|transaction) gas',
    'intrinsic gas|gas limit (?:is )?too (?:low|high)|gas limit reached',
    'invalid opcode|evm error|vm exception|vm execution error|stack (?:under|over)flow|stack limit|invalid jump',
    'insufficient (?:funds|balance) for|insufficientfunds|insufficient maxfee|exceeds account balance',
    '(?:code|initcode|contract) ?size|oversized data',
    'nonce.*too (?:low|high)|already (?:known|imported|exists)|known transaction',
    'underpriced|less than block base fee|fee.*too (?:low|high)|tip.*(?:above|higher than)|fee cap',
  ].join('|'),
  'i',
)
const NO_METHOD = /method .*(?:not found|not supported|not available|does not exist)|unsupported method/i

/** A chain endpoint's answer that a call failed. `ChainClient` passes on those that the call causes, and keeps the rest to itself. */
export class RpcError extends Error {
  override readonly name = 'RpcError'
  readonly code: number
  /** What a reverted call returned; null where the endpoint does not say. */
  readonly data: Hex | null

  constructor(code: number, message: string, data: Hex | null) {
    super(message)
    this.code = code
    this.data = data
  }

  /** Whether the call ran and reverted, as opposed to not having been run. */
  get reverted(): boolean {
    return this.code === 3 || this.data !== null || /revert/i.test(this.message)
  }

  /** Whether the call is at fault: another endpoint would say the same. */
  get ofCall(): boolean {
    return this.reverted || OF_CALL.test(this.message)
  }

  /** Whether the endpoint is well and lacks just this method. */
  get ofMethod(): boolean {
    return this.code === -32601 || NO_METHOD.test(this.message)
  }
}
