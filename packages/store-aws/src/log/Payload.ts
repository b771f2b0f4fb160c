/** Where a message's payload is. */
export type Payload =
  /** In the item. */
  | { readonly type: 'here'; readonly text: string }
  /** In an object of the bucket. */
  | { readonly type: 'object'; readonly object: ObjectName; readonly offset: number }
  /** Deleted when its retention was over. */
  | { readonly type: 'expired' }

/** Random bytes that name an object: no two writers share one. */
export type ObjectName = Uint8Array

/** UTF-8 bytes up to which payloads lie in their item: an object costs as much as writing 8 KB. */
export const INLINE_BYTES = 8_192
