import { open } from 'node:fs/promises'
import type { Readable } from 'node:stream'
import { UsageError } from './errors/UsageError.ts'

/**
 * Reads a file, or stdin for `-`.
 * @throws {UsageError} it cannot be read, or is larger than `maxBytes`
 */
export async function readInput(path: string, stdin: Readable, maxBytes: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let size = 0
  try {
    for await (const chunk of path === '-' ? stdin : (await open(path)).createReadStream()) {
      size += chunk.length
      if (size > maxBytes) break
      chunks.push(chunk)
    }
  } catch (error) {
    throw new UsageError(`${path} cannot be read: ${error instanceof Error ? error.message : error}.`)
  }
  if (size > maxBytes) throw new UsageError(`${path} is larger than ${maxBytes} bytes.`)
  return Buffer.concat(chunks)
}

/** As `readInput`, as UTF-8. @throws {UsageError} also where it is not UTF-8 */
export async function readText(path: string, stdin: Readable, maxBytes: number): Promise<string> {
  const bytes = await readInput(path, stdin, maxBytes)
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    throw new UsageError(`${path} is not UTF-8 text.`)
  }
}
