/** Most values of a text: in memory each takes some 50 bytes, however short it is written. */
const MOST_VALUES = 2 ** 21
const BEGINS_ONE: ReadonlySet<number> = new Set([...',[{'].map((char) => char.charCodeAt(0)))

/** @returns what a stranger's JSON text says; undefined where it is none, or says too much */
export function readJson(text: string): unknown {
  if (!isModest(text)) return undefined
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function isModest(text: string): boolean {
  if (text.length <= MOST_VALUES) return true
  let values = 0
  for (let at = 0; at < text.length && values <= MOST_VALUES; at++) if (BEGINS_ONE.has(text.charCodeAt(at))) values++
  return values <= MOST_VALUES
}
