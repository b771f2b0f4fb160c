/**
 * How many events of a message's history the caller has seen, by its `Last-Event-ID`.
 * @returns 0 for none, and for an id that was never given
 */
export function readLastEventId(lastId: string | undefined): number {
  return lastId !== undefined && /^[0-9]{1,9}$/.test(lastId) ? Number(lastId) : 0
}
