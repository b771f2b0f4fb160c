import type { Scope } from '@w3bstream/core'
import { InvalidInputError, type ProjectId } from '@w3bstream/protocol'
import type { JsonObject } from '../request/parseBody.ts'
import { readTime } from '../request/readTime.ts'
import { readProjectId } from './readProjectId.ts'

const SCOPES: readonly Scope[] = ['send', 'read', 'operate']
const MAX_LABEL = 100

/** A token that is asked for. */
export interface NewToken {
  readonly label: string
  readonly scopes: readonly Scope[]
  /** Null: all projects. */
  readonly projectId: ProjectId | null
  /** Milliseconds since the epoch; null: never. */
  readonly expiresAt: number | null
}

/** Reads what a new token is to be. @throws {InvalidInputError} naming the first field that is missing, wrong or none of a token's */
export function readNewToken(body: JsonObject, nowMs: number): NewToken {
  const { label, scopes, projectId, expiresAt, ...others } = body
  for (const name in others)
    throw new InvalidInputError({ field: name.slice(0, 64), problem: 'is not a field of a token' })
  if (typeof label !== 'string' || label === '' || label.length > MAX_LABEL)
    throw new InvalidInputError({ field: 'label', problem: `has to be 1 to ${MAX_LABEL} characters` })
  return {
    label,
    scopes: readScopes(scopes),
    projectId: projectId === undefined || projectId === null ? null : readProjectId(projectId),
    expiresAt: expiresAt === undefined || expiresAt === null ? null : readExpiry(expiresAt, nowMs),
  }
}

function readScopes(value: unknown): readonly Scope[] {
  const found = Array.isArray(value) ? value.map((name) => SCOPES.find((scope) => scope === name)) : []
  const scopes = new Set(found.filter((scope) => scope !== undefined))
  if (found.length === 0 || found.length > SCOPES.length || found.includes(undefined))
    throw new InvalidInputError({ field: 'scopes', problem: `has to name some of ${SCOPES.join(', ')}` })
  return [...scopes]
}

function readExpiry(value: unknown, nowMs: number): number {
  if (typeof value !== 'string') throw new InvalidInputError({ field: 'expiresAt', problem: 'has to be a string' })
  return readTime(value, 'expiresAt', nowMs)
}
