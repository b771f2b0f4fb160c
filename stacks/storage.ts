import { tables as schemas, type TableSchema } from '@w3bstream/store-aws/tables'
import { recordDataFormat } from './dataFormat.ts'
import { production, stage } from './deployment.ts'

const FIELD_TYPES = { S: 'string', N: 'number', B: 'binary' } as const

function table(name: string, schema: TableSchema): sst.aws.Dynamo {
  return new sst.aws.Dynamo(name, {
    fields: Object.fromEntries(Object.entries(schema.attributes).map(([field, type]) => [field, FIELD_TYPES[type]])),
    primaryIndex: {
      hashKey: schema.partitionKey,
      ...(schema.sortKey === undefined ? {} : { rangeKey: schema.sortKey }),
    },
    globalIndexes: Object.fromEntries(
      Object.entries(schema.indexes ?? {}).map(([index, { partitionKey, sortKey, projection }]) => [
        index,
        {
          hashKey: partitionKey,
          ...(sortKey === undefined ? {} : { rangeKey: sortKey }),
          ...(projection === 'all'
            ? {}
            : { projection: projection === 'keys' ? ('keys-only' as const) : [...projection] }),
        },
      ]),
    ),
    ...(schema.stream === undefined ? {} : { stream: 'new-image' as const }),
    ...(schema.timeToLive === undefined ? {} : { ttl: schema.timeToLive }),
    deletionProtection: production,
    transform: { table: { pointInTimeRecovery: { enabled: production } } },
  })
}

/** Messages and batches; its stream feeds the segments. */
export const messages = table('Messages', schemas.messages)

/** Segments, tasks and everything else that is not a message. */
export const state = table('State', schemas.state)

recordDataFormat(stage, [messages, state])

/** Blobs, batches and exports, by the beginning of their keys. */
export const bucket = new sst.aws.Bucket('Objects', {
  versioning: true,
  cors: false,
  transform: { bucket: { forceDestroy: !production } },
})

new aws.s3.BucketServerSideEncryptionConfiguration('ObjectsEncryption', {
  bucket: bucket.name,
  rules: [{ applyServerSideEncryptionByDefault: { sseAlgorithm: 'AES256' }, bucketKeyEnabled: false }],
})

new aws.s3.BucketOwnershipControls('ObjectsOwnership', {
  bucket: bucket.name,
  rule: { objectOwnership: 'BucketOwnerEnforced' },
})

new aws.s3.BucketLifecycleConfiguration('ObjectsLifecycle', {
  bucket: bucket.name,
  rules: [
    {
      id: 'former-versions',
      status: 'Enabled',
      filter: { prefix: '' },
      // What was deleted, or written over, can be brought back for as long.
      noncurrentVersionExpiration: { noncurrentDays: production ? 30 : 1 },
      abortIncompleteMultipartUpload: { daysAfterInitiation: 1 },
      expiration: { expiredObjectDeleteMarker: true },
    },
  ],
})
