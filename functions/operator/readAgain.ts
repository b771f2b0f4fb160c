import { type Aws, type DynamoCalls, type StreamRecord, streamEntries, type Written } from '@w3bstream/store-aws'

/** What has come of one reading. */
export interface ReadAgain {
  /** Items of messages and batches that were looked at. */
  readonly looked: number
  /** Messages that were in no log. */
  readonly added: number
}

type ScanKey = DynamoCalls['Scan']['output']['LastEvaluatedKey']

const PAGE = 500

/**
 * Puts messages that the table has and their log lacks into it: after a restore, whose table has no stream of what was there before, or where the stream was not read within
 * its 24 hours. Reads the whole table of messages once, and pays for it; what is in a log already changes nothing, and the deployment may run meanwhile.
 * @param writer a SegmentWriter
 * @param options.since milliseconds since 1970: messages received earlier are left out
 */
export async function readAgain(
  modules: {
    readonly aws: Aws
    readonly writer: { write(records: readonly StreamRecord[]): Promise<readonly Written[]> }
  },
  options: { readonly table: string; readonly since: number },
): Promise<ReadAgain> {
  let looked = 0
  let added = 0
  let from: ScanKey
  do {
    const page: DynamoCalls['Scan']['output'] = await modules.aws.dynamo('Scan', {
      TableName: options.table,
      ConsistentRead: true,
      Limit: PAGE,
      ...(from === undefined ? {} : { ExclusiveStartKey: from }),
    })
    const records = (page.Items ?? []).map((item) => ({ eventName: 'INSERT', dynamodb: { NewImage: item } }))
    const recent = records.filter((record) => lastReceipt(record) >= options.since)
    looked += recent.length
    for (const { count } of await modules.writer.write(recent)) added += count
    from = page.LastEvaluatedKey
  } while (from !== undefined)
  return { looked, added }
}

/** When the last of an item's messages was received; 0 where it is no message's. */
function lastReceipt(record: StreamRecord): number {
  const found = streamEntries(record)
  return Math.max(0, ...(found?.entries ?? []).map(({ receivedAt }) => receivedAt))
}
