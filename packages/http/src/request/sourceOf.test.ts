import { Hono } from 'hono'
import { describe, expect, it } from 'vitest'
import type { AppEnv } from '../AppEnv.ts'
import { sourceOf } from './sourceOf.ts'

describe('sourceOf', () => {
  const of = async (trustedProxies: number, forwarded?: string, remoteAddress?: string): Promise<string> => {
    const app = new Hono<AppEnv>()
    app.get('/', (c) => c.text(sourceOf(c, trustedProxies)))
    const headers: Record<string, string> = forwarded === undefined ? {} : { 'x-forwarded-for': forwarded }
    const env = remoteAddress === undefined ? {} : { incoming: { socket: { remoteAddress } } }
    return (await app.request('/', { headers }, env)).text()
  }

  it("is the peer's address where no proxy is ours, whatever the header says", async () => {
    expect(await of(0, '10.0.0.1', '192.0.2.1')).toBe('192.0.2.1')
  })

  it('is what the outermost of our proxies saw', async () => {
    expect(await of(1, '6.6.6.6, 192.0.2.7', '10.0.0.1')).toBe('192.0.2.7')
    expect(await of(2, '6.6.6.6, 192.0.2.7, 10.0.0.2', '10.0.0.1')).toBe('192.0.2.7')
  })

  it("is the peer's where the header is missing, and one name for all where nothing is known", async () => {
    expect(await of(1, undefined, '10.0.0.1')).toBe('10.0.0.1')
    expect(await of(1, ' ', '10.0.0.1')).toBe('10.0.0.1')
    expect(await of(0)).toBe('unknown')
  })
})
