import type { LogPosition } from '@w3bstream/core/ports'

/** Entries of one segment at most. */
export const SEGMENT_ENTRIES = 1_000
/** Positions of one segment: a power of two above its entries. */
const STRIDE = 1_024

/** @param segment from 1 @param index of the entry in it, from 0 */
export const positionAt = (segment: number, index: number): LogPosition => segment * STRIDE + index + 1

/** The segment and the index in it of a position; segment 0 for position 0, before the first. */
export function placeOf(position: LogPosition): { readonly segment: number; readonly index: number } {
  if (position <= 0) return { segment: 0, index: 0 }
  return { segment: Math.floor((position - 1) / STRIDE), index: (position - 1) % STRIDE }
}
