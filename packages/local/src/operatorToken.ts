import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Clock, Tokens } from '@w3bstream/core'

/** A token for whoever owns the data directory, in `operator.token` (mode 0600): made at the first start, and anew when it was revoked. */
export async function operatorToken(tokens: Tokens, dataDir: string, clock: Clock): Promise<void> {
  const path = join(dataDir, 'operator.token')
  const now = clock.now()
  if (existsSync(path) && (await tokens.check(readFileSync(path, 'utf8').trim(), now)) !== null) return
  const { secret } = await tokens.create({
    label: 'operator',
    scopes: ['send', 'read', 'operate'],
    projectId: null,
    expiresAt: null,
    at: now,
  })
  writeFileSync(path, `${secret}\n`, { mode: 0o600, flush: true })
}
