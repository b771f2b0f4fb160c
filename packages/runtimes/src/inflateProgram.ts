import { promisify } from 'node:util'
import { inflate } from 'node:zlib'
import { InvalidInputError } from '@w3bstream/protocol'

const inflateAsync = promisify(inflate)

/** The most a program may have after inflation, unless told otherwise: 32 MiB. */
export const MOST_PROGRAM_BYTES = 32 * 1024 * 1024

/**
 * Reads a project file's `code`: hex of zlib-compressed bytes.
 * @param code hex digits of either case, with or without `0x`
 * @param limits.maxBytes most bytes after inflation: inflating stops there, whatever the input claims
 * @throws {InvalidInputError} if it is not hex, not zlib, empty, or inflates to more
 */
export async function inflateProgram(code: string, { maxBytes }: { readonly maxBytes: number }): Promise<Uint8Array> {
  const digits = code.startsWith('0x') ? code.slice(2) : code
  if (digits.length > 2 * (maxBytes + 65_536)) throw tooLarge(maxBytes)
  const compressed = Buffer.from(digits, 'hex')
  if (digits.length === 0 || compressed.length * 2 !== digits.length)
    throw new InvalidInputError({ field: 'code', problem: 'has to be the hex digits of the compressed program' })
  let bytes: Uint8Array
  try {
    bytes = await inflateAsync(compressed, { maxOutputLength: maxBytes })
  } catch (cause) {
    if (cause instanceof RangeError) throw tooLarge(maxBytes)
    throw new InvalidInputError({ field: 'code', problem: 'does not inflate: it has to be compressed by zlib', cause })
  }
  if (bytes.length === 0) throw new InvalidInputError({ field: 'code', problem: 'inflates to nothing' })
  return bytes
}

const tooLarge = (maxBytes: number): InvalidInputError =>
  new InvalidInputError({
    field: 'code',
    problem: `inflates to more than ${maxBytes} bytes`,
    hint: 'Build the program smaller (optimise for size, strip names), or ask the operator for a higher bound.',
  })
