import {
  fleetManagerAbi,
  projectRegistrarAbi,
  riscZeroGroth16VerifierAbi,
  riscZeroVerifierRouterAbi,
  verifierRegistryAbi,
  w3bstreamSettlementAbi,
} from '@w3bstream/contracts'
import type { Hex } from '@w3bstream/protocol'
import { type Abi, type AbiParameter, decodeErrorResult, parseAbi } from 'viem'

/** Most characters of a reason that a contract chose. */
const MAX_REASON = 500

/** Errors of our contracts and of the libraries that they link, some of which their own ABIs do not list. */
const OURS: readonly Abi[] = [
  w3bstreamSettlementAbi,
  verifierRegistryAbi,
  fleetManagerAbi,
  projectRegistrarAbi,
  riscZeroGroth16VerifierAbi,
  riscZeroVerifierRouterAbi,
  parseAbi([
    'error InsufficientGas(uint256 available, uint256 required)',
    'error VerifierWithoutCode(address verifier)',
    'error VerifierCodeChanged(address verifier, bytes32 actual, bytes32 registered)',
    'error OutputsLengthMismatch(uint256 actual, uint256 expected)',
    'error ProofLengthMismatch(uint256 actual, uint256 expected)',
    'error PublicInputNotInField(uint256 index, uint256 value)',
    'error ProofRejected(address verifier, bytes reason)',
    // Of deployments by earlier releases.
    'error ProofRejected(address verifier)',
    'error VerifierAnswered(address verifier, uint256 length)',
    'error ECDSAInvalidSignature()',
    'error ECDSAInvalidSignatureLength(uint256 length)',
    'error ECDSAInvalidSignatureS(bytes32 s)',
    'error ReentrancyGuardReentrantCall()',
  ]),
]

/** https://docs.soliditylang.org/en/latest/control-structures.html#panic-via-assert-and-error-via-require */
const PANICS: Readonly<Record<string, string>> = {
  '1': 'an assertion failed',
  '17': 'arithmetic overflow',
  '18': 'division by zero',
  '33': 'a value outside its enum',
  '34': 'broken storage',
  '49': 'pop of an empty array',
  '50': 'array index out of bounds',
  '65': 'too much memory',
  '81': 'a call of an unset function',
}

/** A revert, decoded. `name` is the error's Solidity name; null where it could not be decoded. */
export interface Revert {
  readonly name: string | null
  readonly args: readonly unknown[]
  /** For people: bounded, and without control characters, since a contract chose its words. */
  readonly reason: string
}

/**
 * Says why a call reverted.
 * @param data what it returned
 * @param abis of the contracts behind the call, such as a dApp's; our own contracts' errors are known
 */
export function decodeRevert(data: Hex, abis: readonly Abi[] = []): Revert {
  if (data === '0x') return { name: null, args: [], reason: 'reverted without a reason, or ran out of gas' }
  for (const abi of [...OURS, ...abis]) {
    const found = decode(abi, data)
    if (found !== null) return { ...found, reason: clean(describe(found.name, found.args, abi, abis)) }
  }
  return { name: null, args: [], reason: clean(`custom error ${data.slice(0, 10)}, data ${data}`) }
}

function decode(abi: Abi, data: Hex): { readonly name: string; readonly args: readonly unknown[] } | null {
  try {
    const { errorName, args } = decodeErrorResult({ abi, data })
    return { name: errorName, args: args ?? [] }
  } catch {
    // Not an error of this ABI.
    return null
  }
}

function describe(name: string, args: readonly unknown[], abi: Abi, abis: readonly Abi[]): string {
  const [first, second] = args
  if (name === 'Error') return String(first)
  if (name === 'Panic') return `panic ${String(first)}: ${PANICS[String(first)] ?? 'unknown'}`
  if (name === 'DappReverted' && typeof second === 'string')
    return `the dApp ${String(first)} refused it: ${decodeRevert(second as Hex, abis).reason}`
  if (name === 'ProofRejected' && typeof second === 'string')
    return `ProofRejected: the verifier ${String(first)} does not accept it: ${decodeRevert(second as Hex, abis).reason}`
  const inputs = errorInputs(abi, name)
  const shown = args.map((arg, i) => `${inputs[i]?.name ? `${inputs[i].name}: ` : ''}${String(arg)}`)
  return `${name}(${shown.join(', ')})`
}

function errorInputs(abi: Abi, name: string): readonly AbiParameter[] {
  for (const item of abi) if (item.type === 'error' && item.name === name) return item.inputs
  return []
}

function clean(reason: string): string {
  const printable = reason.replace(/\p{C}/gu, ' ')
  return printable.length <= MAX_REASON ? printable : `${printable.slice(0, MAX_REASON)}…`
}
