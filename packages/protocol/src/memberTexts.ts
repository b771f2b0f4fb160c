/**
 * The source texts of the values that stand under some names at the top of a JSON object; one text an occurrence, in order.
 *
 * `JSON.parse` cannot tell: it rounds numbers and keeps only the last of two equal keys.
 * @returns null where the text is not a JSON object
 */
export function memberTexts(json: string, names: ReadonlySet<string>): Map<string, string[]> | null {
  try {
    JSON.parse(json)
  } catch {
    return null
  }
  // From here on the text is known to be JSON, so that finding where things end is enough.
  let at = skipSpace(json, 0)
  if (json[at] !== '{') return null
  const found = new Map<string, string[]>()
  at = skipSpace(json, at + 1)
  while (json[at] !== '}') {
    const keyEnd = stringEnd(json, at)
    const key: unknown = JSON.parse(json.slice(at, keyEnd))
    const start = skipSpace(json, skipSpace(json, keyEnd) + 1)
    const end = valueEnd(json, start)
    if (typeof key === 'string' && names.has(key)) {
      const texts = found.get(key)
      if (texts === undefined) found.set(key, [json.slice(start, end)])
      else texts.push(json.slice(start, end))
    }
    at = skipSpace(json, end)
    if (json[at] === ',') at = skipSpace(json, at + 1)
  }
  return found
}

function skipSpace(json: string, from: number): number {
  let at = from
  while (json[at] === ' ' || json[at] === '\n' || json[at] === '\r' || json[at] === '\t') at++
  return at
}

/** @param from where the opening quote stands. @returns the place after the closing one */
function stringEnd(json: string, from: number): number {
  for (let at = from + 1; ; at++) {
    if (json[at] === '\\') at++
    else if (json[at] === '"') return at + 1
  }
}

function valueEnd(json: string, from: number): number {
  let at = from
  let depth = 0
  for (;;) {
    const char = json[at]
    if (char === '"') at = stringEnd(json, at)
    else {
      if (char === '{' || char === '[') depth++
      else if (char === '}' || char === ']') {
        if (depth === 0) return at
        depth--
      } else if (depth === 0) return scalarEnd(json, at)
      at++
    }
    if (depth === 0) return at
  }
}

function scalarEnd(json: string, from: number): number {
  let at = from
  while (at < json.length && !' \n\r\t,}]'.includes(json[at] ?? '')) at++
  return at
}
