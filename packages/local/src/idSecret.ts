import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { InvalidConfigError } from '@w3bstream/protocol'

const BYTES = 32

/** The data directory's secret for message ids, made at the first start. @throws {InvalidConfigError} the file was changed */
export function idSecret(dataDir: string): Uint8Array {
  const dir = join(dataDir, 'keys')
  const path = join(dir, 'message-ids.key')
  if (!existsSync(path)) {
    mkdirSync(dir, { recursive: true, mode: 0o700 })
    writeFileSync(path, randomBytes(BYTES), { mode: 0o600, flag: 'wx', flush: true })
  }
  const secret = readFileSync(path)
  if (secret.length === BYTES) return Uint8Array.from(secret)
  throw new InvalidConfigError({ problems: [`${path} has ${secret.length} bytes in place of ${BYTES}`] })
}
