import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { tokensSuite } from '@w3bstream/core/ports/suites'
import { describe, expect, it } from 'vitest'
import { testStore } from './testStore.ts'

const ask = { label: 'x', scopes: ['send'], projectId: null, expiresAt: null, at: 1 } as const

describe('SqliteTokens', () => {
  tokensSuite(async () => (await testStore()).tokens)

  it('writes no secret to the disk', async () => {
    const store = await testStore()
    const { secret } = await store.tokens.create(ask)
    await store.close()
    expect(readFileSync(join(store.dir, 'w3bstream.db')).includes(secret)).toBe(false)
  })
})
