/**
 * The partitions of the state table that a unit may read beside those that it may write, and that it may write; source: its README. Only ingest has to do
 * with tokens, and what runs beside programs of strangers writes tasks alone.
 */
export const statePartitions: Readonly<
  Record<string, { readonly read: readonly string[]; readonly write: readonly string[] }>
> = {
  Ingest: {
    read: ['logs', 'seg#*', 'ranges#*', 'numbers#*', 'projects', 'cursors'],
    write: ['meta', 'tokens', 'quota#*', 'task#*'],
  },
  Segments: { read: [], write: ['meta', 'logs', 'seg#*'] },
  Sequencer: {
    read: [],
    write: [
      ...['meta', 'logs', 'seg#*', 'ranges#*', 'sequences#*', 'numbers#*', 'task#*', 'exports#*'],
      ...['nonces#*', 'spends#*', 'projects', 'cursors'],
    ],
  },
  Settler: { read: ['seg#*'], write: ['meta', 'task#*', 'nonces#*', 'spends#*', 'projects'] },
  Prover: { read: ['meta', 'projects', 'seg#*'], write: ['task#*'] },
  GpuProver: { read: ['meta', 'projects', 'seg#*'], write: ['task#*'] },
  Node: {
    read: ['seg#*'],
    write: ['meta', 'task#*', 'nonces#*', 'spends#*', 'projects', 'cursors', 'lease'],
  },
}
