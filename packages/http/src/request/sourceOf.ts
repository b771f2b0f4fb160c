import type { Context } from 'hono'
import type { AppEnv } from '../AppEnv.ts'

/** Address of the caller, for quotas: the peer's, or what the outermost of our own proxies saw. */
export function sourceOf(c: Context<AppEnv>, trustedProxies: number): string {
  if (trustedProxies > 0) {
    const hops = c.req.header('x-forwarded-for')?.split(',')
    const hop = hops?.at(-Math.min(trustedProxies, hops.length))?.trim()
    if (hop !== undefined && hop !== '') return hop.slice(0, 64)
  }
  return c.env?.incoming?.socket.remoteAddress ?? 'unknown'
}
