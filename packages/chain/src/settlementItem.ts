import type { Outgoing } from '@w3bstream/core/ports'
import { type Address, DestinationRefusedError, type Hex, toHex } from '@w3bstream/protocol'

/** What `settle` takes, in its order of arguments. */
export interface SettlementItem {
  readonly task: {
    readonly projectId: bigint
    readonly version: string
    readonly configHash: Hex
    readonly messagesRoot: Hex
    readonly messageCount: bigint
    readonly inputCommitment: Hex
    readonly sequencer: Address
    readonly number: bigint
  }
  readonly assignment: {
    readonly task: Hex
    readonly prover: Address
    readonly deadline: bigint
    readonly attempt: bigint
  }
  readonly assignmentSignature: Hex
  readonly result: {
    readonly task: Hex
    readonly prover: Address
    readonly proofHash: Hex
    readonly outputsHash: Hex
    readonly chainId: bigint
    readonly router: Address
  }
  readonly resultSignature: Hex
  readonly proof: Hex
  readonly outputs: Hex
}

/** @throws {DestinationRefusedError} the task lacks what the router asks for, or its result is for another router */
export function settlementItem(item: Outgoing, chainId: bigint, router: Address): SettlementItem {
  const { task, assignment, result, proof } = item.record
  const refuse = (reason: string) => new DestinationRefusedError({ destination: `router ${router}`, reason })
  if (assignment === null) throw refuse('the task has no signed assignment')
  if (proof === null || !proof.bound)
    throw refuse('its proof is not bound to the task and checked by a registered verifier')
  if (result === null) throw refuse('the task has no signed result')
  if (result.value.chainId !== chainId || result.value.router !== router)
    throw refuse(`the result is for router ${result.value.router} on chain ${result.value.chainId}`)
  return {
    task: { ...task, messageCount: BigInt(task.messageCount) },
    assignment: assignment.value,
    assignmentSignature: assignment.signature,
    result: result.value,
    resultSignature: result.signature,
    proof: toHex(item.proof),
    outputs: proof.outputs,
  }
}
