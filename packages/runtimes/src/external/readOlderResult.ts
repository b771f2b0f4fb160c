import { ProgramError, toHex, type VmType } from '@w3bstream/protocol'
import { z } from 'zod'
import { readProve } from '../halo2/readProve.ts'
import { readJson } from '../readJson.ts'
import type { GuestProof } from '../risc0/checkGuestProof.ts'

/** What a runtime of the older protocols returned. */
export interface OlderResult {
  /** Proof bytes as far as they can be told; else the result as it is. */
  readonly proof: Uint8Array
  /** The result's text, or the hex of what is no text. */
  readonly raw: string
  /** A RISC Zero proof in a shape that can be verified. */
  readonly guest:
    | (GuestProof & {
        /** Whether only this project's own runtimes write that shape: then it has to hold. */
        readonly ours: boolean
      })
    | null
}

/** The verifier of RISC Zero 3.0, whose Groth16 proofs older texts have without their selector. */
const SELECTOR_3_0 = Uint8Array.of(0x73, 0xc4, 0x57, 0xba)
const SEAL_BYTES = 256

const MOST_NUMBERS = 2 ** 20
// In one look: zod would tell of each number that is none, and a result may have millions.
const octets = z.custom<readonly number[]>(
  (value) =>
    Array.isArray(value) &&
    value.length <= MOST_NUMBERS &&
    value.every((octet) => Number.isInteger(octet) && octet >= 0 && octet <= 255),
)
const byteString = z.union([
  z
    .string()
    .regex(/^(?:0x)?(?:[0-9a-fA-F]{2})*$/)
    .transform((text) => Buffer.from(text.replace(/^0x/, ''), 'hex')),
  octets.transform((list) => Buffer.from(list)),
  z.object({ bytes: octets }).transform(({ bytes }) => Buffer.from(bytes)),
])
const coordinate = byteString
  .refine((bytes) => bytes.length <= 32)
  .transform((bytes) => Buffer.concat([Buffer.alloc(32 - bytes.length), bytes]))
const pair = z.tuple([coordinate, coordinate])
const points = z
  .object({ a: pair, b: z.tuple([pair, pair]), c: pair })
  .transform(({ a, b, c }) => Buffer.concat([...a, ...b[0], ...b[1], ...c]))

const stark = z.object({ Stark: z.object({ journal: byteString, receipt: z.base64().min(1) }) })
const sealed = z.object({
  Snark: z.object({ journal: byteString, seal: byteString.refine((seal) => seal.length === SEAL_BYTES + 4) }),
})
const snark = z.object({ Snark: z.object({ journal: byteString, snark: points }) })

/**
 * Reads a result as the older runtimes return it: JSON `{"Stark":…}` or `{"Snark":…}`, hex, any other text, or bytes.
 * @throws {ProgramError} if it is empty
 */
export function readOlderResult(result: Uint8Array, vmType: VmType): OlderResult {
  if (result.length === 0) throw new ProgramError({ runtime: vmType, reason: 'its runtime returned an empty result' })
  const raw = textOf(result)
  if (raw === null) return { proof: result, raw: toHex(result), guest: null }
  const guest = vmType === 'risc0' ? guestProofOf(raw) : null
  if (guest !== null) return { proof: guest.proof, raw, guest }
  return {
    proof: vmType === 'risc0' && raw.trimStart().startsWith('{') ? result : readProve(raw).proof,
    raw,
    guest: null,
  }
}

function guestProofOf(raw: string): OlderResult['guest'] {
  const value = readJson(raw)
  const composite = stark.safeParse(value).data?.Stark
  if (composite !== undefined)
    return {
      kind: 'composite',
      proof: Buffer.from(composite.receipt, 'base64'),
      journal: composite.journal,
      ours: true,
    }
  const withSelector = sealed.safeParse(value).data?.Snark
  if (withSelector !== undefined)
    return { kind: 'groth16', proof: withSelector.seal, journal: withSelector.journal, ours: true }
  const bare = snark.safeParse(value).data?.Snark
  return bare === undefined
    ? null
    : { kind: 'groth16', proof: Buffer.concat([SELECTOR_3_0, bare.snark]), journal: bare.journal, ours: false }
}

function textOf(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return null
  }
}
