/** What creates a table: pure data, read by the stacks for the cloud and by `createTables` for an emulator. */
export interface TableSchema {
  /** Every attribute that a key or an index names. */
  readonly attributes: Readonly<Record<string, 'S' | 'N' | 'B'>>
  readonly partitionKey: string
  readonly sortKey?: string
  readonly indexes?: Readonly<Record<string, IndexSchema>>
  /** What a change feeds to the table's stream; no stream where absent. */
  readonly stream?: 'NEW_IMAGE'
  /** Attribute with the second after which DynamoDB deletes an item. */
  readonly timeToLive?: string
}

/** A global secondary index. */
export interface IndexSchema {
  readonly partitionKey: string
  readonly sortKey?: string
  /** The attributes beside the keys, all where it is `'all'`. */
  readonly projection: 'all' | 'keys' | readonly string[]
}

/** The format of what the tables hold: one more with each migration of `openState`. A deploy over a newer one is refused. */
export const DATA_FORMAT = 1

/** The two tables of a deployment; README.md says what their items hold. */
export const tables = {
  messages: { attributes: { pk: 'S' }, partitionKey: 'pk', stream: 'NEW_IMAGE' },
  state: {
    attributes: { pk: 'S', sk: 'S', os: 'S', oa: 'S', lp: 'S', la: 'S', fs: 'S', fp: 'S' },
    partitionKey: 'pk',
    sortKey: 'sk',
    indexes: {
      // Tasks of one state, in the order of packing.
      state: { partitionKey: 'os', sortKey: 'oa', projection: ['at', 'p'] },
      // Tasks of one project, and of all, in that order.
      list: { partitionKey: 'lp', sortKey: 'la', projection: 'keys' },
      // Lines of the tasks' state logs, in the order of writing.
      feed: { partitionKey: 'fs', sortKey: 'fp', projection: ['st', 'at', 'actor', 'reason', 'result', 'p'] },
    },
    timeToLive: 'ttl',
  },
} as const satisfies Readonly<Record<string, TableSchema>>
