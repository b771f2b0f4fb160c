import type { Token } from '@w3bstream/core'
import type { V1 } from '../client.ts'
import { rfc3339 } from '../reply/rfc3339.ts'

/** A token, without its secret. */
export function viewToken(token: Token): V1['Token'] {
  return {
    id: token.id,
    label: token.label,
    scopes: [...token.scopes],
    projectId: token.projectId?.toString() ?? null,
    createdAt: rfc3339(token.createdAt),
    expiresAt: token.expiresAt === null ? null : rfc3339(token.expiresAt),
  }
}
