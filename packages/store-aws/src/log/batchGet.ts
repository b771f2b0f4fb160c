import { StoreUnavailableError } from '@w3bstream/protocol'
import type { Aws } from '../calls/Aws.ts'
import type { Item } from '../state/attribute.ts'

/** DynamoDB's bound on one call. */
const KEYS = 100
const CALLS_AT_ONCE = 8
const ATTEMPTS = 8
const FIRST_PAUSE_MS = 25

/**
 * Reads items by key, in no order; those that are not there are left out. What DynamoDB leaves unprocessed is asked for again, with growing pauses.
 * @param p.keys no two alike
 * @throws {StoreUnavailableError} some stayed unprocessed
 */
export async function batchGet(
  aws: Aws,
  p: {
    readonly table: string
    readonly keys: readonly Item[]
    readonly consistent?: boolean
    readonly attributes?: readonly string[]
  },
): Promise<Item[]> {
  const calls: Promise<Item[]>[] = []
  const found: Item[] = []
  for (let at = 0; at < p.keys.length; at += KEYS) {
    calls.push(getSome(aws, { ...p, keys: p.keys.slice(at, at + KEYS) }))
    if (calls.length < CALLS_AT_ONCE) continue
    found.push(...(await Promise.all(calls)).flat())
    calls.length = 0
  }
  found.push(...(await Promise.all(calls)).flat())
  return found
}

async function getSome(aws: Aws, p: Parameters<typeof batchGet>[1]): Promise<Item[]> {
  const found: Item[] = []
  const names = p.attributes?.map((name): [string, string] => [`#${name}`, name])
  let left = p.keys
  for (let attempt = 0; left.length > 0; attempt++) {
    if (attempt === ATTEMPTS) throw new StoreUnavailableError({ reason: 'DynamoDB left reads unprocessed' })
    if (attempt > 0) await pause(Math.random() * FIRST_PAUSE_MS * 2 ** attempt)
    const { Responses, UnprocessedKeys } = await aws.dynamo('BatchGetItem', {
      RequestItems: {
        [p.table]: {
          Keys: [...left],
          ConsistentRead: p.consistent ?? false,
          ...(names === undefined
            ? {}
            : {
                ProjectionExpression: names.map(([placeholder]) => placeholder).join(', '),
                ExpressionAttributeNames: Object.fromEntries(names),
              }),
        },
      },
    })
    const items = Responses?.[p.table] ?? []
    found.push(...items)
    // Some progress is no reason to give up.
    if (items.length > 0) attempt = 0
    left = UnprocessedKeys?.[p.table]?.Keys ?? []
  }
  return found
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
