import type { Aws, DynamoCalls } from '@w3bstream/store-aws'

type Page = DynamoCalls['Scan']['output']
type Items = NonNullable<Page['Items']>

/** All items of a table, as a backup has them. */
export async function backUp(aws: Aws, TableName: string): Promise<Items> {
  const items: Items = []
  let from: Page['LastEvaluatedKey']
  do {
    const start = from === undefined ? {} : { ExclusiveStartKey: from }
    const page: Page = await aws.dynamo('Scan', { TableName, ConsistentRead: true, ...start })
    items.push(...(page.Items ?? []))
    from = page.LastEvaluatedKey
  } while (from !== undefined)
  return items
}

/** Puts them into an empty table. */
export async function restore(aws: Aws, TableName: string, items: Items): Promise<void> {
  for (const Item of items) await aws.dynamo('PutItem', { TableName, Item })
}
