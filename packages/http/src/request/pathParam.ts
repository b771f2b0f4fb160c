import type { Context } from 'hono'
import type { AppEnv } from '../AppEnv.ts'

/** A parameter of the matched path. */
export function pathParam(c: Context<AppEnv>, name: string): string {
  return c.req.param(name) ?? ''
}
