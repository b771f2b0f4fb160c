import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { idSecret } from './idSecret.ts'

const dataDir = (): string => {
  const dir = mkdtempSync(join(tmpdir(), 'w3b-ids-'))
  onTestFinished(() => rmSync(dir, { recursive: true }))
  return dir
}

describe('idSecret', () => {
  it('is drawn once for a data directory, for its owner alone', () => {
    const dir = dataDir()
    const secret = idSecret(dir)
    expect(secret).toHaveLength(32)
    expect(idSecret(dir)).toEqual(secret)
    expect(idSecret(dataDir())).not.toEqual(secret)
    const [file] = readdirSync(join(dir, 'keys'))
    expect(statSync(join(dir, 'keys', file ?? '')).mode & 0o777).toBe(0o600)
  })

  it('is not made anew where its file was cut: ids would change', () => {
    const dir = dataDir()
    idSecret(dir)
    writeFileSync(join(dir, 'keys', 'message-ids.key'), 'short')
    expect(() => idSecret(dir)).toThrow(expect.objectContaining({ code: 'INVALID_CONFIG' }))
  })
})
