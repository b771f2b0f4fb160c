import {
  CreateTableCommand,
  type CreateTableCommandInput,
  DynamoDBClient,
  type Projection,
  UpdateTimeToLiveCommand,
  waitUntilTableExists,
} from '@aws-sdk/client-dynamodb'
import type { AwsOptions } from '../calls/AwsOptions.ts'
import { sdkClientConfig } from '../calls/sdkClientConfig.ts'
import { type IndexSchema, type TableSchema, tables } from '../tables.ts'

export type TableNames = Readonly<Record<keyof typeof tables, string>>

/** Creates a deployment's tables on an emulator, as the stacks would in the cloud. */
export async function createTables(options: AwsOptions, names: TableNames): Promise<void> {
  const client = new DynamoDBClient(sdkClientConfig('dynamodb', options))
  try {
    for (const table of ['messages', 'state'] as const) {
      const schema: TableSchema = tables[table]
      await client.send(new CreateTableCommand(createTableInput(names[table], schema)))
      await waitUntilTableExists(
        { client, maxWaitTime: 20, minDelay: 0.05, maxDelay: 0.2 },
        { TableName: names[table] },
      )
      if (schema.timeToLive !== undefined)
        await client.send(
          new UpdateTimeToLiveCommand({
            TableName: names[table],
            TimeToLiveSpecification: { AttributeName: schema.timeToLive, Enabled: true },
          }),
        )
    }
  } finally {
    client.destroy()
  }
}

function createTableInput(name: string, schema: TableSchema): CreateTableCommandInput {
  const indexes = Object.entries(schema.indexes ?? {})
  return {
    TableName: name,
    BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: Object.entries(schema.attributes).map(([AttributeName, AttributeType]) => ({
      AttributeName,
      AttributeType,
    })),
    KeySchema: keySchema(schema),
    ...(indexes.length === 0
      ? {}
      : {
          GlobalSecondaryIndexes: indexes.map(([IndexName, index]) => ({
            IndexName,
            KeySchema: keySchema(index),
            Projection: projection(index),
          })),
        }),
    ...(schema.stream === undefined
      ? {}
      : { StreamSpecification: { StreamEnabled: true, StreamViewType: schema.stream } }),
  }
}

const keySchema = ({ partitionKey, sortKey }: Pick<TableSchema, 'partitionKey' | 'sortKey'>) => [
  { AttributeName: partitionKey, KeyType: 'HASH' as const },
  ...(sortKey === undefined ? [] : [{ AttributeName: sortKey, KeyType: 'RANGE' as const }]),
]

function projection({ projection: wanted }: IndexSchema): Projection {
  if (wanted === 'all') return { ProjectionType: 'ALL' }
  if (wanted === 'keys') return { ProjectionType: 'KEYS_ONLY' }
  return { ProjectionType: 'INCLUDE', NonKeyAttributes: [...wanted] }
}
