import { InvalidInputError } from '@w3bstream/protocol'
import type { Context } from 'hono'
import type { AppEnv } from '../AppEnv.ts'

/** The `Idempotency-Key` header, or null. @throws {InvalidInputError} */
export function readIdempotencyKey(c: Context<AppEnv>): string | null {
  const key = c.req.header('idempotency-key')
  if (key === undefined) return null
  if (key === '' || key.length > 256)
    throw new InvalidInputError({ field: 'Idempotency-Key', problem: 'has to be 1 to 256 characters' })
  return key
}
