import type { Address } from './Hex.ts'

/**
 * The number of a (project, sequencer)'s task: the leading 21 bits of the sequencer's address above 32 bits of sequence, so below 2^53, and two
 * sequencers do not collide where only the number is known.
 *
 * @param sequence counts the tasks; 0 … 2^32-1
 * @throws {RangeError}
 */
export function taskNumber(sequencer: Address, sequence: number): bigint {
  if (!Number.isInteger(sequence) || sequence < 0 || sequence >= 2 ** 32)
    throw new RangeError(`${sequence} does not fit 32 bits`)
  return ((BigInt(sequencer) >> 139n) << 32n) | BigInt(sequence)
}
