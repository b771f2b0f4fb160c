/** An allotment: tokens a second, up to a burst. */
export interface Allotment {
  readonly perSecond: number
  readonly burst: number
}

/** Allotments per project, device, token, address. */
export interface Quota {
  /**
   * Takes `units` from the bucket named `scope`.
   * @returns 0 when granted, else the milliseconds after which it would be; nothing is taken then
   */
  take(scope: string, units: number, allotment: Allotment): number
}
