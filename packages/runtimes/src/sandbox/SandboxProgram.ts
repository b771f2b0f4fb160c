import type { Hash } from '@w3bstream/protocol'

/** What a child loads and keeps. */
export interface SandboxProgram {
  readonly kind: 'halo2' | 'wasm'
  readonly bytes: Uint8Array
  /** sha-256 of the bytes. */
  readonly hash: Hash
  readonly provingKey: Uint8Array | null
  /** Most memory the program may have, in bytes. */
  readonly memoryBytes: number
}
