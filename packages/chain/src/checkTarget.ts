import { type Address, DestinationRefusedError, type Hex, toHex, toWord } from '@w3bstream/protocol'
import { toFunctionSelector } from 'viem'
import type { ChainClient } from './ChainClient.ts'
import { RpcError } from './RpcError.ts'

/** Methods that move or lend out tokens: refused by name, wherever they are. */
const TOKEN_METHODS = new Set([
  'approve',
  'transfer',
  'transferFrom',
  'safeTransferFrom',
  'safeBatchTransferFrom',
  'setApprovalForAll',
  'increaseAllowance',
  'decreaseAllowance',
  'permit',
  'mint',
  'burn',
])
const ANY = toHex(toWord(1n)).slice(2)
const WORD = /^0x[0-9a-f]{64}$/
const TRUE = /^0x0{63}1$/
/** ERC-721 and ERC-1155. */
const TOKEN_INTERFACES = ['0x80ac58cd', '0xd9b67a26']

/**
 * Refuses a contract that a project's owner may not have the settlement account call: registries, staking, the router and other known contracts,
 * whatever answers like a token, and addresses without code.
 * @throws {DestinationRefusedError} @throws {ChainUnavailableError}
 */
export async function checkTarget(
  chain: ChainClient,
  target: Address,
  method: string,
  refused: ReadonlySet<Address>,
): Promise<void> {
  const refuse = (reason: string) => new DestinationRefusedError({ destination: `contract ${target}`, reason })
  if (refused.has(target)) throw refuse('registries, staking contracts and routers are not called for a project')
  if (TOKEN_METHODS.has(method)) throw refuse(`"${method}" is a token's method, and those are not called`)
  if ((await chain.code(target)) === '0x') throw refuse('there is no contract at this address')
  if (await isToken(chain, target)) throw refuse('it is a token, and tokens are not called')
}

async function isToken(chain: ChainClient, target: Address): Promise<boolean> {
  const ask = (signature: string, args = '') => answer(chain, target, `${toFunctionSelector(signature)}${args}`)
  const interfaces = TOKEN_INTERFACES.map((id) => ask('supportsInterface(bytes4)', id.slice(2).padEnd(64, '0')))
  if ((await Promise.all(interfaces)).some((reply) => TRUE.test(reply))) return true
  const [balance, supply, allowance] = await Promise.all([
    ask('balanceOf(address)', ANY),
    ask('totalSupply()'),
    ask('allowance(address,address)', ANY + ANY),
  ])
  return WORD.test(balance) && (WORD.test(supply) || WORD.test(allowance))
}

async function answer(chain: ChainClient, to: Address, data: string): Promise<string> {
  try {
    return await chain.call({ to, data: data as Hex, gas: 200_000n })
  } catch (error) {
    // It has no such method.
    if (error instanceof RpcError) return ''
    throw error
  }
}
