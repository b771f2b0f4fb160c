import { createPrivateKey, generateKeyPairSync } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** The node's P-256 key for credentials that it issues, as PKCS#8 in DER; made at the first start. */
export async function credentialKey(dataDir: string): Promise<Uint8Array<ArrayBuffer>> {
  const dir = join(dataDir, 'keys')
  const path = join(dir, 'credentials.pem')
  if (!existsSync(path)) {
    mkdirSync(dir, { recursive: true, mode: 0o700 })
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    writeFileSync(path, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600, flag: 'wx', flush: true })
  }
  return Uint8Array.from(createPrivateKey(readFileSync(path)).export({ type: 'pkcs8', format: 'der' }))
}
