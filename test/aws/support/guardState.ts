import { FaultProxy, type ProxiedCall } from '@w3bstream/store-aws/testing'
import { statePartitions } from '../../stacks/checks/statePartitions.ts'

const WRITES: ReadonlySet<string> = new Set(['PutItem', 'UpdateItem', 'DeleteItem', 'TransactWriteItems'])

/** Stands between a unit and DynamoDB, and refuses what its role does not allow of the table of state, as IAM would. */
export interface StateGuard {
  readonly url: string
  /** What was refused: operation and partition. */
  readonly refused: readonly string[]
  stop(): Promise<void>
}

/** @param o.role as in the stacks: `Prover` */
export async function guardState(o: {
  readonly dynamo: { readonly url: string }
  readonly table: string
  readonly role: string
}): Promise<StateGuard> {
  const { read, write } = statePartitions[o.role] ?? { read: [], write: [] }
  const refused: string[] = []
  const proxy = await FaultProxy.start(o.dynamo)
  proxy.inject({
    fault: { type: 'error', status: 400, code: 'AccessDeniedException' },
    when(call) {
      const allowed = WRITES.has(call.operation) ? write : [...write, ...read]
      const wrong = partitionsOf(call, o.table).filter((one) => !allowed.some((pattern) => matches(pattern, one)))
      refused.push(...wrong.map((one) => `${call.operation} ${one}`))
      return wrong.length > 0
    },
  })
  return { url: proxy.url, refused, stop: () => proxy.stop() }
}

const matches = (pattern: string, text: string) =>
  pattern.endsWith('*') ? text.startsWith(pattern.slice(0, -1)) : text === pattern

/** The partition keys of one table that a call names; those of an index are none of them. */
function partitionsOf({ input }: ProxiedCall, table: string): string[] {
  const found: string[] = []
  const look = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return
    const fields = new Map<string, unknown>(Object.entries(value))
    if (fields.get('TableName') === table && !fields.has('IndexName'))
      found.push(
        ...[keyOf(fields.get('Key'), 'pk'), keyOf(fields.get('Item'), 'pk')].flatMap((key) => key ?? []),
        // A query names one partition; an update has values of other names, too.
        ...(fields.has('KeyConditionExpression') ? [keyOf(fields.get('ExpressionAttributeValues'), ':pk') ?? '?'] : []),
      )
    for (const [name, inner] of fields)
      if (name === table) for (const key of listOf(inner)) found.push(keyOf(key, 'pk') ?? '?')
      else look(inner)
  }
  look(input)
  return found
}

/** The keys of a BatchGetItem's table. */
function listOf(value: unknown): readonly unknown[] {
  const keys = typeof value === 'object' && value !== null && 'Keys' in value ? value.Keys : null
  return Array.isArray(keys) ? keys : []
}

/** The text of an attribute; null where there is none. */
function keyOf(item: unknown, name: string): string | null {
  const value =
    typeof item === 'object' && item !== null ? new Map<string, unknown>(Object.entries(item)).get(name) : null
  const text = typeof value === 'object' && value !== null && 'S' in value ? value.S : null
  return typeof text === 'string' ? text : null
}
