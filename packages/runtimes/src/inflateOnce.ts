import { createHash } from 'node:crypto'
import { type Hash, hash, type ProjectVersion, toHex } from '@w3bstream/protocol'
import { inflateProgram, MOST_PROGRAM_BYTES } from './inflateProgram.ts'

/** Programs kept, so that each task of a project does not inflate the same one. */
const KEPT = 8

export interface InflatedProgram {
  readonly bytes: Uint8Array
  readonly hash: Hash
}

/**
 * Inflates each version's program once and keeps the last few.
 * @returns the function, which throws {ProgramError} where a program is none or too large
 */
export function inflateOnce(
  maxBytes: number = MOST_PROGRAM_BYTES,
): (version: Pick<ProjectVersion, 'code'>) => Promise<InflatedProgram> {
  const kept = new Map<string, Promise<InflatedProgram>>()
  return ({ code }) => {
    const known = kept.get(code)
    if (known !== undefined) return known
    const program = inflateProgram(code, { maxBytes }).then((bytes) => ({
      bytes,
      hash: hash(toHex(createHash('sha256').update(bytes).digest())),
    }))
    kept.set(code, program)
    program.catch(() => kept.delete(code))
    const [oldest] = kept.keys()
    if (kept.size > KEPT && oldest !== undefined) kept.delete(oldest)
    return program
  }
}
