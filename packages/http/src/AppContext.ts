import type { Clock, Telemetry, Tokens, W3bstream } from '@w3bstream/core'
import type { Access } from './access/Access.ts'
import type { IngestQueue } from './IngestQueue.ts'
import type { Streams } from './live/Streams.ts'
import type { TaskChanges } from './live/TaskChanges.ts'
import type { CredentialSigner } from './ports/CredentialSigner.ts'
import type { Publisher } from './ports/Publisher.ts'

/** What handlers share. */
export interface AppContext {
  readonly w3b: W3bstream
  readonly tokens: Tokens
  readonly telemetry: Telemetry
  readonly clock: Clock
  readonly metrics: () => Promise<string>
  readonly publisher: Publisher | null
  readonly credentialSigner: CredentialSigner | null
  readonly access: Access
  readonly ingest: IngestQueue
  readonly streams: Streams
  readonly changes: TaskChanges
  /** Whether a post of the later API packs what is due. */
  readonly packOnPost: boolean
  readonly limits: {
    readonly messageBytes: number
    /** Body of one message: JSON may write a payload's characters as escapes. */
    readonly messageBodyBytes: number
    readonly batch: number
    readonly batchBytes: number
    readonly projectFileBytes: number
  }
  /** Answer of `GET /v1/domain`. */
  readonly domain: { readonly chainId: string; readonly verifyingContract: string }
  /** Answer of `GET /coordinator_config`. */
  readonly coordinatorConfig: Readonly<Record<string, string>>
}
