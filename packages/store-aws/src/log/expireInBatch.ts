import type { MessageId } from '@w3bstream/protocol'
import { attribute, read } from '../state/attribute.ts'
import { contend } from '../state/contend.ts'
import { batchEntries, batchKey, isExpired } from './batchItem.ts'
import type { MessageTable } from './MessageTable.ts'
import type { PayloadObjects } from './PayloadObjects.ts'

/**
 * Deletes payloads of a batch's messages. Those in an object are deleted with it, when none of the batch is needed any more; until then they are only
 * out of reach. May be repeated.
 * @returns how many were there
 */
export async function expireInBatch(
  { table, objects }: { readonly table: MessageTable; readonly objects: PayloadObjects },
  run: MessageId,
  ids: readonly MessageId[],
): Promise<number> {
  const wanted = new Set(ids)
  return contend(async () => {
    const item = await table.get(batchKey(run))
    if (item === null) return { value: 0 }
    const entries = batchEntries(item)
    const before = entries.map((_, ordinal) => isExpired(item, ordinal))
    const after = entries.map(({ envelope }, ordinal) => before[ordinal] === true || wanted.has(envelope.id))
    const isOver = after.every((one) => one)
    const count = after.filter((one, i) => one && before[i] === false).length
    if (count > 0) {
      const kept = item.p === undefined || isOver ? null : read.bytes(item, 'p').slice()
      if (kept !== null)
        for (const [i, { offset, size }] of entries.entries())
          if (after[i] === true) kept.fill(0, offset, offset + size)
      const done = await table.update({
        pk: batchKey(run),
        update: `SET x = :after${kept === null ? ' REMOVE p' : ', p = :kept'}`,
        condition: item.x === undefined ? 'attribute_not_exists(x)' : 'x = :before',
        values: {
          ':after': attribute.bytes(bitsOf(after)),
          ...(item.x === undefined ? {} : { ':before': item.x }),
          ...(kept === null ? {} : { ':kept': attribute.bytes(kept) }),
        },
      })
      if (!done) return { again: 'another task of the batch is being deleted' }
    }
    if (isOver && item.o !== undefined) await objects.delete(read.bytes(item, 'o'))
    return { value: count }
  })
}

function bitsOf(flags: readonly boolean[]): Uint8Array {
  const bits = new Uint8Array(Math.ceil(flags.length / 8))
  for (const [i, flag] of flags.entries()) if (flag) bits[i >> 3] = (bits[i >> 3] ?? 0) | (1 << (i & 7))
  return bits
}
