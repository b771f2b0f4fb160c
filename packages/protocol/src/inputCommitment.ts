import { sha256 } from '@noble/hashes/sha2.js'
import { InvalidInputError } from './errors/InvalidInputError.ts'
import { fromHex, toHex, toWord } from './Hex.ts'
import type { Hash } from './ids.ts'
import type { InputScheme } from './Project.ts'
import { packElements } from './packElements.ts'
import { poseidon } from './poseidon.ts'
import { readInputFields } from './readInputFields.ts'

const utf8 = new TextEncoder()

/**
 * What binds a proof to the messages of its task, by the scheme that the project version names.
 *
 * - `none`: 32 zero bytes.
 * - `sha256`: sha256("W3bstream-input-v1" || salt || u32be count || (u32be length || payload)…).
 * - `poseidon-bn254`: Poseidon of [salt, packed elements…].
 * @param task.salt 32 bytes, below the modulus for `poseidon-bn254`; see `drawSalt`
 * @param task.payloads the task's `data` strings, in leaf order
 * @throws {InvalidInputError} when a payload lacks a declared field, or there are more than the scheme's capacity
 */
export function inputCommitment(
  scheme: InputScheme,
  { salt, payloads }: { readonly salt: Hash; readonly payloads: readonly string[] },
): Hash {
  switch (scheme.scheme) {
    case 'none':
      return toHex(new Uint8Array(32)) as Hash
    case 'sha256':
      return sha256Commitment(salt, payloads)
    case 'poseidon-bn254': {
      const { capacity, fields } = scheme
      if (payloads.length === 0 || payloads.length > capacity)
        throw new InvalidInputError({ field: 'payloads', problem: `have to be 1 to ${capacity}` })
      const readings = payloads.map((payload) => readInputFields(fields, payload))
      return toHex(toWord(poseidon([BigInt(salt), ...packElements(capacity, fields, readings)]))) as Hash
    }
  }
}

/**
 * Refuses a payload that could never be committed to: one such message would fail its whole task.
 *
 * @throws {InvalidInputError} naming the field
 */
export function checkPayload(scheme: InputScheme, payload: string): void {
  if (scheme.scheme === 'poseidon-bn254') readInputFields(scheme.fields, payload)
}

function sha256Commitment(salt: Hash, payloads: readonly string[]): Hash {
  const u32 = (value: number) => toWord(BigInt(value), 4)
  const hash = sha256
    .create()
    .update(utf8.encode('W3bstream-input-v1'))
    .update(fromHex(salt))
    .update(u32(payloads.length))
  for (const payload of payloads) {
    const bytes = utf8.encode(payload)
    hash.update(u32(bytes.length)).update(bytes)
  }
  return toHex(hash.digest()) as Hash
}
