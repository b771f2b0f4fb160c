import type { Hash, Hex, ProjectId } from '@w3bstream/protocol'

/** Publishes a project file and registers it on-chain. */
export interface Publisher {
  /**
   * @param p.bytes the project file, as it is to be hashed
   * @param p.projectId the project to update; null: a new one
   * @throws {InvalidProjectFileError} @throws {ProjectNotFoundError} @throws {ChainUnavailableError}
   */
  publish(p: { readonly bytes: Uint8Array; readonly projectId: ProjectId | null }): Promise<{
    readonly projectId: ProjectId
    readonly uri: string
    readonly hash: Hash
    /** Null where the registry is a local directory. */
    readonly transactionHash: Hex | null
  }>
}
