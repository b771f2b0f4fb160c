import { toHex } from './Hex.ts'
import type { Hash, ProjectId } from './ids.ts'
import { keccak } from './keccak.ts'

const utf8 = new TextEncoder()

/**
 * What devices of the older W3bstream API sign: keccak256 of the compact JSON `{"projectID":…,"projectVersion":…,"data":…}` as Go's encoding/json
 * writes it: `<`, `>`, `&`, U+2028 and U+2029 as \u escapes, an unpaired surrogate as U+FFFD, the project id as digits.
 *
 * The device is whoever the signature recovers to, so only one digest can count: the first, as Go has written it since 1.22. Where the data has U+0008
 * or U+000C, which older ones wrote as \u escapes, that digest follows, for a caller who knows the device and may try both.
 */
export function legacySigningDigests(p: {
  readonly projectId: ProjectId
  readonly version: string
  readonly data: string
}): readonly [Hash, ...Hash[]] {
  const json = (text: (value: string) => string): Hash =>
    toHex(
      keccak(utf8.encode(`{"projectID":${p.projectId},"projectVersion":${text(p.version)},"data":${text(p.data)}}`)),
    ) as Hash
  const now = json(goString)
  const before = json((value) => goString(value).replace(/\\(.)/g, (pair) => OLD_ESCAPES[pair] ?? pair))
  return now === before ? [now] : [now, before]
}

const OLD_ESCAPES: Readonly<Record<string, string>> = { '\\b': '\\u0008', '\\f': '\\u000c' }
const HTML = /[<>&\u2028\u2029]/g

/** Go and JavaScript write the same but for what could end a script element or line. */
function goString(value: string): string {
  return JSON.stringify(value.toWellFormed()).replace(
    HTML,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}
