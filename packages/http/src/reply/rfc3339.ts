/** A time as answers have it: RFC 3339 in UTC, with milliseconds. @param at milliseconds since the epoch */
export function rfc3339(at: number): string {
  return new Date(at).toISOString()
}
