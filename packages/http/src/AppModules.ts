import type { Clock, Quota, Telemetry, Tokens, W3bstream } from '@w3bstream/core'
import type { CredentialSigner } from './ports/CredentialSigner.ts'
import type { Publisher } from './ports/Publisher.ts'

/** What the HTTP application works with. */
export interface AppModules {
  readonly w3b: W3bstream
  readonly tokens: Tokens
  readonly quota: Quota
  readonly telemetry: Telemetry
  readonly clock: Clock
  /** Metrics in Prometheus' text format. */
  readonly metrics: () => Promise<string>
  /** Absent: project files cannot be published over HTTP. */
  readonly publisher?: Publisher
  /** Absent: credentials are neither issued nor taken. */
  readonly credentialSigner?: CredentialSigner
}
