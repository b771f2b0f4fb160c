import type { TransactWriteItem } from '@aws-sdk/client-dynamodb'
import type { Aws } from '../calls/Aws.ts'
import { AwsError } from '../calls/AwsError.ts'
import type { Item } from '../state/attribute.ts'
import { type Again, contend } from '../state/contend.ts'
import { batchGet } from './batchGet.ts'

/** What became of a transaction; `existing`: the item that was in the way of each of its writes, if any. */
export type Bound =
  | { readonly type: 'done' }
  | { readonly type: 'refused'; readonly existing: readonly (Item | null)[] }

/** The table of messages. */
export class MessageTable {
  readonly name: string
  readonly #aws: Aws

  constructor(modules: { readonly aws: Aws }, options: { readonly messagesTable: string }) {
    this.#aws = modules.aws
    this.name = options.messagesTable
  }

  /** Puts an item where there is none. @returns the one that is there, or null when the new one is */
  async put(item: Item): Promise<Item | null> {
    return contend(async () => {
      try {
        await this.#aws.dynamo('PutItem', {
          TableName: this.name,
          Item: item,
          ConditionExpression: 'attribute_not_exists(pk)',
          ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
        })
        return { value: null }
      } catch (error) {
        if (!(error instanceof AwsError)) throw error
        if (error.code === 'TransactionConflictException') return { again: 'a transaction has the item', cause: error }
        if (error.code !== 'ConditionalCheckFailedException') throw error
        const existing = error.item ?? (await this.get(item.pk?.S ?? ''))
        return existing === null ? { again: 'an item came and went', cause: error } : { value: existing }
      }
    })
  }

  /** Reads an item as it is now. */
  async get(pk: string): Promise<Item | null> {
    const { Item: item } = await this.#aws.dynamo('GetItem', {
      TableName: this.name,
      Key: { pk: { S: pk } },
      ConsistentRead: true,
    })
    return item ?? null
  }

  /** Reads items by key, those that are there. */
  async many(
    pks: Iterable<string>,
    options: { readonly consistent: boolean; readonly attributes?: readonly string[] },
  ): Promise<Map<string, Item>> {
    const keys = Array.from(new Set(pks), (pk): Item => ({ pk: { S: pk } }))
    const items = await batchGet(this.#aws, { table: this.name, keys, ...options })
    return new Map(items.map((item) => [item.pk?.S ?? '', item]))
  }

  /** Writes all of the items, each under its condition, or none. Those in the way are returned where a write asks for them. */
  async bind(writes: (table: string) => TransactWriteItem[]): Promise<Bound> {
    return contend(async (): Promise<{ readonly value: Bound } | Again> => {
      try {
        await this.#aws.dynamo('TransactWriteItems', { TransactItems: writes(this.name) })
        return { value: { type: 'done' } }
      } catch (error) {
        if (!(error instanceof AwsError)) throw error
        if (error.reasons.some(({ code }) => code === 'ConditionalCheckFailed')) {
          const existing = error.reasons.map(({ code, item }) => (code === 'ConditionalCheckFailed' ? item : null))
          return { value: { type: 'refused', existing } }
        }
        const contended = error.reasons.some(({ code }) => code === 'TransactionConflict')
        if (contended) return { again: 'another transaction has the items', cause: error }
        throw error
      }
    })
  }

  /** Changes an item. @returns false where the condition failed */
  async update(p: {
    readonly pk: string
    readonly update: string
    readonly condition: string
    readonly values?: Readonly<Record<string, Item[string]>>
  }): Promise<boolean> {
    return contend(async () => {
      try {
        await this.#aws.dynamo('UpdateItem', {
          TableName: this.name,
          Key: { pk: { S: p.pk } },
          UpdateExpression: p.update,
          ConditionExpression: p.condition,
          ...(p.values === undefined ? {} : { ExpressionAttributeValues: { ...p.values } }),
        })
        return { value: true }
      } catch (error) {
        if (!(error instanceof AwsError)) throw error
        if (error.code === 'ConditionalCheckFailedException') return { value: false }
        if (error.code === 'TransactionConflictException') return { again: 'a transaction has the item', cause: error }
        throw error
      }
    })
  }
}
