import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Anvil } from '@w3bstream/local'

/** A chain for a test file; stop it when done. */
export async function testAnvil(): Promise<{ url: string; stop: () => Promise<void> }> {
  const dir = mkdtempSync(join(tmpdir(), 'w3b-anvil-'))
  const anvil = await Anvil.start(dir)
  return {
    url: anvil.url,
    stop: async () => {
      await anvil.stop()
      rmSync(dir, { recursive: true, force: true })
    },
  }
}
