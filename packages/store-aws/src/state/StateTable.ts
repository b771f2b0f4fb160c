import type { AttributeValue, TransactWriteItem } from '@aws-sdk/client-dynamodb'
import type { Aws } from '../calls/Aws.ts'
import { AwsError } from '../calls/AwsError.ts'
import { toStoreError } from '../calls/toStoreError.ts'
import type { Item } from './attribute.ts'
import { type Again, contend } from './contend.ts'

export interface Key {
  readonly pk: string
  readonly sk: string
}

/** A condition on an item; `#name` stands for the attribute `name`. */
export interface Condition {
  readonly condition?: string
  readonly values?: Readonly<Record<`:${string}`, AttributeValue>>
}

/** One write of a transaction. */
export type Write =
  | ({ readonly type: 'put'; readonly item: Item } & Condition)
  | ({ readonly type: 'update'; readonly key: Key; readonly update: string } & Condition)

/** What became of a transaction: done; refused whole, since a condition failed; or nobody knows, where it was not answered or not taken. */
export type Transacted =
  | { readonly type: 'done' }
  | { readonly type: 'refused' }
  | { readonly type: 'unknown'; readonly error: AwsError }

/** A read of one partition, or of one partition of an index, in the order of its sort key. */
export interface PartitionRead extends Condition {
  readonly index?: string
  /** Condition on the keys; `condition` filters what it finds. */
  readonly keys: string
  readonly descending?: boolean
  /** Items fetched at once. */
  readonly page?: number
}

/** DynamoDB's bounds of one call. */
export const MAX_TRANSACTION = 100
const MAX_BATCH = 100

/** One deployment's table of state: what the stores say to it, in few words. Each call throws StoreUnavailableError where AWS cannot take it now. */
export class StateTable {
  readonly name: string
  readonly #aws: Aws

  constructor(modules: { readonly aws: Aws }, options: { readonly table: string }) {
    this.#aws = modules.aws
    this.name = options.table
  }

  /** Reads one item as it is now. */
  async get(key: Key): Promise<Item | null> {
    const { Item: item } = await this.#call(() =>
      this.#aws.dynamo('GetItem', { TableName: this.name, Key: keyOf(key), ConsistentRead: true }),
    )
    return item ?? null
  }

  /** Reads items as they are now, in the keys' order; null for each that is not there. */
  async getMany(keys: readonly Key[]): Promise<(Item | null)[]> {
    const found = new Map<string, Item>()
    for (let at = 0; at < keys.length; at += MAX_BATCH) {
      let left: Item[] = [...new Map(keys.slice(at, at + MAX_BATCH).map((key) => [nameOf(key), keyOf(key)])).values()]
      await contend(async () => {
        const { Responses, UnprocessedKeys } = await this.#call(() =>
          this.#aws.dynamo('BatchGetItem', { RequestItems: { [this.name]: { Keys: left, ConsistentRead: true } } }),
        )
        for (const item of Responses?.[this.name] ?? [])
          found.set(nameOf({ pk: item.pk?.S ?? '', sk: item.sk?.S ?? '' }), item)
        left = UnprocessedKeys?.[this.name]?.Keys ?? []
        return left.length === 0 ? { value: null } : { again: 'reads are throttled' }
      })
    }
    return keys.map((key) => found.get(nameOf(key)) ?? null)
  }

  /** @returns false where the condition failed */
  async put(item: Item, condition: Condition = {}): Promise<boolean> {
    const done = await this.#conditional(() =>
      this.#aws.dynamo('PutItem', { TableName: this.name, Item: item, ...expressions(condition) }),
    )
    return done !== null
  }

  /** @returns the item as it is afterwards, or null where the condition failed */
  async update(p: { readonly key: Key; readonly update: string } & Condition): Promise<Item | null> {
    const done = await this.#conditional(() =>
      this.#aws.dynamo('UpdateItem', {
        TableName: this.name,
        Key: keyOf(p.key),
        UpdateExpression: p.update,
        ReturnValues: 'ALL_NEW',
        ...expressions(p),
      }),
    )
    return done === null ? null : (done.Attributes ?? {})
  }

  /** @returns false where the condition failed */
  async delete(key: Key, condition: Condition = {}): Promise<boolean> {
    const done = await this.#conditional(() =>
      this.#aws.dynamo('DeleteItem', { TableName: this.name, Key: keyOf(key), ...expressions(condition) }),
    )
    return done !== null
  }

  /** Writes all or nothing. @param limitMs give up waiting for the answer then, which leaves it unknown */
  async transact(writes: readonly Write[], limitMs?: number): Promise<Transacted> {
    try {
      await this.#aws.dynamo(
        'TransactWriteItems',
        { TransactItems: writes.map((write) => this.#transactItem(write)), ClientRequestToken: crypto.randomUUID() },
        limitMs === undefined ? {} : { signal: AbortSignal.timeout(limitMs) },
      )
      return { type: 'done' }
    } catch (error) {
      if (!(error instanceof AwsError)) throw error
      if (error.reasons.some(({ code }) => code === 'ConditionalCheckFailed')) return { type: 'refused' }
      if (error.retryable || error.code === 'Aborted') return { type: 'unknown', error }
      throw toStoreError(error)
    }
  }

  /** Reads a partition to its end, page by page. Consistent, but for an index. */
  async *read(p: PartitionRead): AsyncGenerator<Item> {
    let from: Item | undefined
    do {
      const { Items, LastEvaluatedKey } = await this.#call(() =>
        this.#aws.dynamo('Query', {
          TableName: this.name,
          ...(p.index === undefined ? { ConsistentRead: true } : { IndexName: p.index }),
          KeyConditionExpression: p.keys,
          ...(p.condition === undefined ? {} : { FilterExpression: p.condition }),
          ExpressionAttributeNames: namesIn(p.keys, p.condition),
          ...(p.values === undefined ? {} : { ExpressionAttributeValues: p.values }),
          ScanIndexForward: p.descending !== true,
          ...(p.page === undefined ? {} : { Limit: p.page }),
          ...(from === undefined ? {} : { ExclusiveStartKey: from }),
        }),
      )
      yield* Items ?? []
      from = LastEvaluatedKey
    } while (from !== undefined)
  }

  #transactItem(write: Write): TransactWriteItem {
    const { TableName, ...on } = { TableName: this.name, ...expressions(write, 'update' in write ? write.update : '') }
    switch (write.type) {
      case 'put':
        return { Put: { TableName, Item: write.item, ...on } }
      case 'update':
        return { Update: { TableName, Key: keyOf(write.key), UpdateExpression: write.update, ...on } }
    }
  }

  async #conditional<T>(call: () => Promise<T>): Promise<T | null> {
    try {
      return await this.#call(call)
    } catch (error) {
      if (error instanceof AwsError && error.code === 'ConditionalCheckFailedException') return null
      throw error
    }
  }

  /** A single write loses against a transaction on its item: that passes. */
  async #call<T>(call: () => Promise<T>): Promise<T> {
    return contend(async (): Promise<{ readonly value: T } | Again> => {
      try {
        return { value: await call() }
      } catch (error) {
        if (error instanceof AwsError && error.code === 'TransactionConflictException')
          return { again: 'another writer has the item', cause: error }
        throw toStoreError(error)
      }
    })
  }
}

const keyOf = ({ pk, sk }: Key): Item => ({ pk: { S: pk }, sk: { S: sk } })
const nameOf = ({ pk, sk }: Key): string => `${pk}\n${sk}`

/** Any attribute name, reserved words too, as `#name`. */
function namesIn(...texts: readonly (string | undefined)[]): Record<string, string> {
  const found = texts.flatMap((text) => [...(text ?? '').matchAll(/#(\w+)/g)])
  return Object.fromEntries(found.map(([alias, name = '']) => [alias, name]))
}

function expressions(p: Condition & { readonly update?: string }, update = p.update) {
  const names = namesIn(update, p.condition)
  return {
    ...(p.condition === undefined ? {} : { ConditionExpression: p.condition }),
    ...(Object.keys(names).length === 0 ? {} : { ExpressionAttributeNames: names }),
    ...(p.values === undefined ? {} : { ExpressionAttributeValues: p.values }),
  }
}
