import type { TaskRecord } from '@w3bstream/protocol'
import type { V1 } from '../client.ts'
import { rfc3339 } from '../reply/rfc3339.ts'

/** A task, as anybody may see it. */
export function viewTask(record: TaskRecord): V1['Task'] {
  const { task, assignment, proof, result, settlement } = record
  return {
    id: record.id,
    number: task.number.toString(),
    projectId: task.projectId.toString(),
    version: task.version,
    state: record.state,
    traceId: record.trace,
    runtime: record.vmType,
    configHash: task.configHash,
    messagesRoot: task.messagesRoot,
    messageCount: task.messageCount,
    inputCommitment: task.inputCommitment,
    sequencer: task.sequencer,
    createdAt: rfc3339(record.createdAt),
    updatedAt: rfc3339(record.updatedAt),
    prover: assignment?.value.prover ?? null,
    deadline: assignment === null ? null : rfc3339(Number(assignment.value.deadline) * 1000),
    attempt: assignment?.value.attempt.toString() ?? null,
    proof:
      proof === null
        ? null
        : {
            bytes: proof.bytes,
            hash: result?.value.proofHash ?? null,
            outputs: proof.outputs,
            bound: proof.bound,
            provingMs: proof.provingMs,
          },
    settlement:
      settlement === null
        ? null
        : {
            chainId: settlement.chainId.toString(),
            contract: settlement.contract,
            transactionHash: settlement.transactionHash,
            blockNumber: settlement.blockNumber.toString(),
            blockHash: settlement.blockHash,
            gasUsed: settlement.gasUsed.toString(),
          },
    tries: record.tries,
    failure: record.failure,
  }
}
