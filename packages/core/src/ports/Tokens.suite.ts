import { expect, it } from 'vitest'
import { bigintJson } from './bigintJson.ts'
import { NOW, someProject } from './fixtures.suite.ts'
import type { Tokens } from './Tokens.ts'

/** What every Tokens does. @param make a store of tokens, empty or not */
export const tokensSuite = (make: () => Promise<Tokens>): void => {
  const ask = {
    label: 'gateway 1',
    scopes: ['send', 'read'],
    projectId: null,
    expiresAt: null,
    at: NOW,
  } as const

  it('knows a token by its secret, with all its fields', async () => {
    const tokens = await make()
    const project = someProject()
    const { token, secret } = await tokens.create({ ...ask, projectId: project, expiresAt: NOW + 10 })
    const { id, ...fields } = token
    expect(id).not.toBe('')
    expect(fields).toEqual({
      label: ask.label,
      scopes: ask.scopes,
      projectId: project,
      createdAt: NOW,
      expiresAt: NOW + 10,
    })
    expect(await tokens.check(secret, NOW)).toEqual(token)
    expect(await tokens.list()).toContainEqual(token)
  })

  it('gives every token its own secret and id', async () => {
    const tokens = await make()
    const made = await Promise.all(Array.from({ length: 5 }, () => tokens.create(ask)))
    expect(new Set(made.map(({ secret }) => secret)).size).toBe(5)
    expect(new Set(made.map(({ token }) => token.id)).size).toBe(5)
    for (const { secret } of made) expect(secret).toMatch(/^w3b_[A-Za-z0-9_-]{43}$/)
  })

  it('shows no secret afterwards', async () => {
    const tokens = await make()
    const { secret } = await tokens.create(ask)
    expect(bigintJson.write([await tokens.list(), await tokens.check(secret, NOW)])).not.toContain(secret.slice(4))
  })

  it('refuses secrets that it did not give', async () => {
    const tokens = await make()
    const { token, secret } = await tokens.create(ask)
    const last = secret.at(-1) === 'A' ? 'E' : 'A'
    for (const wrong of ['', 'w3b_', token.id, secret.slice(0, -1), secret.slice(0, -1) + last, `${secret} `])
      expect(await tokens.check(wrong, NOW)).toBeNull()
  })

  it('refuses a token once its time is over', async () => {
    const tokens = await make()
    const { secret } = await tokens.create({ ...ask, expiresAt: NOW + 10 })
    expect(await tokens.check(secret, NOW + 9)).not.toBeNull()
    expect(await tokens.check(secret, NOW + 10)).toBeNull()
  })

  it('refuses a token that was revoked', async () => {
    const tokens = await make()
    const { token, secret } = await tokens.create(ask)
    expect(await tokens.revoke(token.id)).toBe(true)
    expect(await tokens.revoke(token.id)).toBe(false)
    expect(await tokens.check(secret, NOW)).toBeNull()
    expect((await tokens.list()).map(({ id }) => id)).not.toContain(token.id)
  })
}
