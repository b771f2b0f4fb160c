import { concatBytes, fromHex, type Hex, toHex, toWord } from '@w3bstream/protocol'
import { encodeAbiParameters } from 'viem'

/**
 * Encodes a RISC Zero Snark proof for the older receivers: `abi.encode(bytes seal, bytes postStateDigest, bytes journal)`.
 *
 * The seal is the proof's points alone, 256 bytes: what came with it, 4 bytes of selector, those receivers do not know.
 * @param proof text `{"Snark": {"snark": {a, b, c}, "post_state_digest", "journal"}}`, or its inner object; byte strings are hex or lists of bytes
 * @throws {TypeError} with what is wrong
 */
export function encodeDataSnark(proof: string): Hex {
  let value: unknown
  try {
    value = JSON.parse(proof)
  } catch {
    throw new TypeError('asks for a RISC Zero Snark proof, and the proof is not JSON')
  }
  const receipt = field(value, 'Snark') ?? value
  const seal = field(receipt, 'seal') ?? field(receipt, 'snark')
  const digest = field(receipt, 'post_state_digest') ?? field(receipt, 'postStateDigest')
  const journal = field(receipt, 'journal')
  return encodeAbiParameters(
    [{ type: 'bytes' }, { type: 'bytes' }, { type: 'bytes' }],
    [toHex(sealBytes(seal)), toHex(bytes(digest, 'post_state_digest')), toHex(bytes(journal, 'journal'))],
  )
}

/** Points of a Groth16 proof one after the other, each coordinate a word: what verifier contracts decode. */
function sealBytes(seal: unknown): Uint8Array {
  const [a, b, c] = ['a', 'b', 'c'].map((name) => field(seal, name))
  if (a === undefined || b === undefined || c === undefined) return bytes(seal, 'snark')
  return concatBytes(...words(a, 2, 'snark.a'), ...pairs(b), ...words(c, 2, 'snark.c'))
}

function pairs(value: unknown): Uint8Array[] {
  if (!Array.isArray(value) || value.length !== 2) throw new TypeError('asks for snark.b as two pairs')
  return value.flatMap((pair) => words(pair, 2, 'snark.b'))
}

function words(value: unknown, count: number, name: string): Uint8Array[] {
  if (!Array.isArray(value) || value.length !== count) throw new TypeError(`asks for ${name} as ${count} numbers`)
  return value.map((one) => {
    const number = bytes(one, name)
    if (number.length > 32) throw new TypeError(`asks for ${name} in 32 bytes`)
    return toWord(number.length === 0 ? 0n : BigInt(toHex(number)))
  })
}

function bytes(value: unknown, name: string): Uint8Array {
  if (typeof value === 'string' && /^(?:0x)?(?:[0-9a-fA-F]{2})*$/.test(value))
    return fromHex(`0x${value.replace(/^0x/, '')}`)
  const list = field(value, 'bytes') ?? value
  if (Array.isArray(list) && list.every((one) => Number.isInteger(one) && one >= 0 && one <= 255))
    return Uint8Array.from(list)
  throw new TypeError(`asks for ${name} of a RISC Zero Snark proof, and the proof has none`)
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null
    ? Object.entries(value).find(([key]) => key === name)?.[1]
    : undefined
}
