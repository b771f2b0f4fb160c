import { toHex } from '@w3bstream/protocol'
import { GrpcFailure } from '../grpc/GrpcFailure.ts'
import type { RuntimeClient } from '../grpc/RuntimeClient.ts'
import type { RuntimeEngine } from '../native/RuntimeEngine.ts'
import { readCircuitName } from './readCircuitName.ts'

/** Verifying keys that a server was seen to have, behind their circuits' names: another process is another client. */
const known = new WeakMap<RuntimeClient, Set<string>>()

/**
 * Whether a native runtime has the circuit that a project version names, or one of that name whose key is not made yet.
 * @returns false also where it cannot be asked: proving says why @throws what `signal` was aborted with
 */
export async function mayHaveCircuit(
  engine: RuntimeEngine,
  codeExpParam: string | null,
  signal: AbortSignal,
): Promise<boolean> {
  const name = readCircuitName(codeExpParam)
  if (name === null) return false
  try {
    const client = await engine.client(signal)
    const seen = known.get(client) ?? new Set<string>()
    known.set(client, seen)
    if (seen.has(`${name.circuit} ${name.verifyingKey}`)) return true
    const { circuits } = await client.describe(signal)
    for (const { id, verifying_key } of circuits)
      if (verifying_key.length > 0) seen.add(`${id} ${toHex(verifying_key)}`)
    const isUnmade = circuits.some(({ id, verifying_key }) => id === name.circuit && verifying_key.length === 0)
    return isUnmade || seen.has(`${name.circuit} ${name.verifyingKey}`)
  } catch (error) {
    if (!(error instanceof GrpcFailure)) throw error
    return false
  }
}
