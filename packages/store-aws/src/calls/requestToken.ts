import type { TransactWriteItemsCommandInput } from '@aws-sdk/client-dynamodb'

/** Names a transaction once for all its attempts, so that one whose answer was lost is not done, or refused, a second time. */
export function requestToken<T>(
  operation: string,
  input: T,
): T | (T & Pick<TransactWriteItemsCommandInput, 'ClientRequestToken'>) {
  return operation === 'TransactWriteItems' ? { ClientRequestToken: crypto.randomUUID(), ...input } : input
}
