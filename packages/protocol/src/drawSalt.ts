import { toHex } from './Hex.ts'
import type { Hash } from './ids.ts'
import { platformRandom, type Random } from './random.ts'

/** @returns 253 random bits as 32 bytes: below the BN254 scalar field's modulus, so that every input scheme can take it */
export function drawSalt(random: Random = platformRandom): Hash {
  const salt = random(32)
  salt[0] = (salt[0] ?? 0) & 0x1f
  return toHex(salt) as Hash
}
