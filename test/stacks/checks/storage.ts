import { type TableSchema, tables } from '@w3bstream/store-aws'
import type { Graph } from '../synth/synthesise.ts'
import { at, type Check, jsonAt, listAt, ofType, textAt } from './graphOf.ts'

/** Buckets are private, encrypted and versioned; tables have the keys that the stores use; in production both outlive mistakes. */
export const checkStorage: Check = (graph) => {
  const production = graph.stage === 'production'
  const problems: string[] = []
  for (const { name, inputs, retainOnDelete } of ofType(graph, 'aws:s3/bucket:Bucket')) {
    const beside = (type: string) =>
      ofType(graph, `aws:s3/${type}`).find((one) => textAt(one.inputs, 'bucket') === textAt(inputs, 'bucket'))?.inputs
    const block = beside('bucketPublicAccessBlock:BucketPublicAccessBlock')
    for (const way of ['blockPublicAcls', 'blockPublicPolicy', 'ignorePublicAcls', 'restrictPublicBuckets'])
      if (at(block, way) !== true) problems.push(`${name} is not private: ${way}`)
    const encryption = beside('bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration')
    const algorithm = at(encryption, 'rules', 0, 'applyServerSideEncryptionByDefault', 'sseAlgorithm')
    if (algorithm !== 'AES256') problems.push(`${name} is not encrypted`)
    const versioning = beside('bucketVersioning:BucketVersioning')
    if (at(versioning, 'versioningConfiguration', 'status') !== 'Enabled') problems.push(`${name} is not versioned`)
    const ownership = beside('bucketOwnershipControls:BucketOwnershipControls')
    if (at(ownership, 'rule', 'objectOwnership') !== 'BucketOwnerEnforced') problems.push(`${name} obeys access lists`)
    const policy = JSON.stringify(jsonAt(beside('bucketPolicy:BucketPolicy'), 'policy') ?? null)
    if (!policy.includes('"Deny"') || !policy.includes('aws:SecureTransport'))
      problems.push(`${name} answers without TLS`)
    if (policy.includes('"Allow"')) problems.push(`${name} lets others in by its policy`)
    if (production !== retainOnDelete || production === at(inputs, 'forceDestroy'))
      problems.push(`${name} ${production ? 'goes' : 'stays'} with the deployment`)
  }
  return [...problems, ...tableProblems(graph, production)]
}

function tableProblems(graph: Graph, production: boolean): string[] {
  const problems: string[] = []
  const schemas: Readonly<Record<string, TableSchema>> = { MessagesTable: tables.messages, StateTable: tables.state }
  const found = ofType(graph, 'aws:dynamodb/table:Table')
  for (const wanted of Object.keys(schemas))
    if (!found.some(({ name }) => name === wanted)) problems.push(`there is no ${wanted}`)
  for (const { name, inputs, retainOnDelete } of found) {
    const schema = schemas[name]
    if (schema === undefined) {
      problems.push(`${name} is not a table of the stores`)
      continue
    }
    if (at(inputs, 'billingMode') !== 'PAY_PER_REQUEST') problems.push(`${name} costs while nobody calls`)
    if (at(inputs, 'deletionProtectionEnabled') !== production || retainOnDelete !== production)
      problems.push(`${name} ${production ? 'can be deleted' : 'stays behind'}`)
    if (at(inputs, 'pointInTimeRecovery', 'enabled') !== production)
      problems.push(`${name}: recovery to a point in time is ${production ? 'off' : 'on'}`)
    const keys = [at(inputs, 'hashKey'), at(inputs, 'rangeKey')]
    if (keys[0] !== schema.partitionKey || keys[1] !== schema.sortKey) problems.push(`${name} has other keys`)
    const attributes = Object.fromEntries(
      listAt(inputs, 'attributes').map((one) => [textAt(one, 'name'), textAt(one, 'type')]),
    )
    if (JSON.stringify(sorted(attributes)) !== JSON.stringify(sorted(schema.attributes)))
      problems.push(`${name} has other attributes`)
    const indexes = listAt(inputs, 'globalSecondaryIndexes')
    if (indexes.length !== Object.keys(schema.indexes ?? {}).length) problems.push(`${name} has other indexes`)
    for (const [index, { partitionKey, sortKey, projection }] of Object.entries(schema.indexes ?? {})) {
      const one = indexes.find((found) => at(found, 'name') === index)
      const type = projection === 'all' ? 'ALL' : projection === 'keys' ? 'KEYS_ONLY' : 'INCLUDE'
      const attributes = typeof projection === 'string' ? [] : projection
      if (
        at(one, 'hashKey') !== partitionKey ||
        at(one, 'rangeKey') !== sortKey ||
        at(one, 'projectionType') !== type ||
        JSON.stringify(listAt(one, 'nonKeyAttributes')) !== JSON.stringify(attributes)
      )
        problems.push(`${name}: the index ${index} is another`)
    }
    if ((at(inputs, 'streamViewType') ?? undefined) !== schema.stream) problems.push(`${name} streams something else`)
    if (at(inputs, 'ttl', 'attributeName') !== schema.timeToLive) problems.push(`${name} forgets by something else`)
  }
  return problems
}

const sorted = (record: Readonly<Record<string, string>>) => Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1))
