import type { Address, ProjectId, ProjectRecord } from '@w3bstream/protocol'

/** On-chain project records, as of a final block. */
export interface Registry {
  /** @returns the record, or null where the registry has none. May answer from what was last seen when the chain is away. */
  project(id: ProjectId): Promise<ProjectRecord | null>
  projects(): Promise<ProjectRecord[]>
  /** Calls back after a record changed. @returns unsubscribe */
  watch(listener: (record: ProjectRecord) => void): () => void
}

/** A prover that may be asked for proofs. */
export interface ProverInfo {
  /** Registered name, as the older network knows it. */
  readonly id: string
  /** Account that signs results. */
  readonly address: Address
}

/** Who may prove for a project. */
export interface ProverDirectory {
  provers(projectId: ProjectId): Promise<ProverInfo[]>
}
