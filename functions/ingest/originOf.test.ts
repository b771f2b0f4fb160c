import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { eventOf } from '../testing/functionUrl.ts'
import { ORIGIN_SECRET_HEADER, originOf } from './originOf.ts'

const hash = (secret: string): string => createHash('sha256').update(secret).digest('hex')
const secrets = [hash('new'), hash('old')]
const event = (headers: Record<string, string>) => eventOf(new Request('https://x.example/live'), headers)

describe('originOf', () => {
  it.each(['new', 'old'])('believes the distribution that shows the %s secret', async (secret) => {
    const shown = await event({ [ORIGIN_SECRET_HEADER]: secret, 'cloudfront-viewer-address': '198.51.100.10:46532' })
    expect(originOf(shown, { secrets, direct: false })).toEqual({ address: '198.51.100.10' })
  })

  it('refuses no secret, a wrong one, one that was rotated out, and its hash', async () => {
    const options = { secrets: [hash('new')], direct: false }
    for (const secret of ['', 'wrong', 'old', hash('new')]) {
      const shown = await event({ [ORIGIN_SECRET_HEADER]: secret })
      expect(() => originOf(shown, options)).toThrow(expect.objectContaining({ code: 'WRONG_ORIGIN', status: 403 }))
    }
    const bare = await event({})
    expect(() => originOf(bare, options)).toThrow(expect.objectContaining({ code: 'WRONG_ORIGIN' }))
  })

  it("takes who connected where that is allowed, whatever the caller's headers say", async () => {
    const forged = {
      'cloudfront-viewer-address': '203.0.113.1:1',
      'x-forwarded-for': '203.0.113.1',
      'x-forwarded-host': 'evil.example',
    }
    const options = { secrets, direct: true }
    expect(originOf(await event(forged), options)).toEqual({ address: '192.0.2.9' })
    expect(originOf(await event({ ...forged, [ORIGIN_SECRET_HEADER]: 'guess' }), options)).toEqual({
      address: '192.0.2.9',
    })
  })

  it.each([
    ['198.51.100.10:46532', '198.51.100.10'],
    ['2001:db8::1:46532', '2001:db8::1'],
    ['[2001:db8::1]:46532', '2001:db8::1'],
  ])('reads the address out of %s', async (viewer, address) => {
    const shown = await event({ [ORIGIN_SECRET_HEADER]: 'new', 'cloudfront-viewer-address': viewer })
    expect(originOf(shown, { secrets, direct: false }).address).toBe(address)
  })

  it('takes over the host that the distribution was asked for', async () => {
    const shown = await event({ [ORIGIN_SECRET_HEADER]: 'new', 'x-forwarded-host': 'w3b.example' })
    expect(originOf(shown, { secrets, direct: false }).host).toBe('w3b.example')
  })
})
