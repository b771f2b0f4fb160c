const MOST = 500

/** @returns a reason for a line of a state log, cut to `most` UTF-16 units, without halves of surrogate pairs: stores keep UTF-8, which has none */
export function shortReason(reason: string, most: number = MOST): string {
  return (reason.length <= most ? reason : `${reason.slice(0, most - 1)}…`).toWellFormed()
}
