import { writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** What the container's health check looks at: it has to be younger than two minutes. */
const FILE = join(tmpdir(), 'w3b-alive')
const EVERY_MS = 30_000

/** Touches the file while this process takes its turns. @returns stops */
export function keepAlive(file: string = FILE): () => void {
  const touch = (): void => writeFileSync(file, '')
  touch()
  const timer = setInterval(touch, EVERY_MS)
  return () => clearInterval(timer)
}
