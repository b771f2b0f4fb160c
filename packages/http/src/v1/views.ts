import type { MessageHistory, ResolvedProject, Token } from '@w3bstream/core'
import type { MessageId, ProjectRecord, StateLogEntry, TaskRecord } from '@w3bstream/protocol'
import type { V1 } from '../client.ts'

const time = (at: number): string => new Date(at).toISOString()

/** A step of a state log. */
export function viewState(entry: StateLogEntry): V1['StateEntry'] {
  return { state: entry.state, time: time(entry.at), actor: entry.actor, reason: entry.reason, result: entry.result }
}

/** What happened to a message, from its reception on. */
export function viewStates({ message, states }: MessageHistory): V1['StateEntry'][] {
  const received = {
    state: 'received',
    time: time(message.receivedAt),
    actor: message.device ?? message.auth,
    reason: '',
    result: null,
  }
  return [received, ...states.map(viewState)]
}

/** @param payload whether the reader may see what the device sent */
export function viewMessage(history: MessageHistory, payload: boolean): V1['Message'] {
  const { message, membership, task } = history
  return {
    messageId: message.id,
    projectId: message.projectId.toString(),
    version: message.version,
    auth: message.auth,
    device: message.device,
    nonce: message.nonce?.toString() ?? null,
    payloadHash: message.payloadHash,
    receivedAt: time(message.receivedAt),
    state: task?.state ?? 'received',
    task:
      membership === null || task === null
        ? null
        : { id: membership.task, number: task.task.number.toString(), index: membership.index },
    states: viewStates(history),
    ...(payload ? { data: message.payload, signature: message.signature } : {}),
  }
}

export function viewTask(record: TaskRecord): V1['Task'] {
  const { task, assignment, proof, result, settlement } = record
  return {
    id: record.id,
    number: task.number.toString(),
    projectId: task.projectId.toString(),
    version: task.version,
    state: record.state,
    runtime: record.vmType,
    configHash: task.configHash,
    messagesRoot: task.messagesRoot,
    messageCount: task.messageCount,
    inputCommitment: task.inputCommitment,
    sequencer: task.sequencer,
    createdAt: time(record.createdAt),
    updatedAt: time(record.updatedAt),
    prover: assignment?.value.prover ?? null,
    deadline: assignment === null ? null : time(Number(assignment.value.deadline) * 1000),
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

/** @param messageIds null: the reader may see neither them nor the salt */
export function viewTaskWithStates(
  p: { readonly task: TaskRecord; readonly states: readonly StateLogEntry[] },
  messageIds: readonly MessageId[] | null,
): V1['TaskWithStates'] {
  return {
    ...viewTask(p.task),
    states: p.states.map(viewState),
    ...(messageIds === null ? {} : { salt: p.task.salt, messageIds: [...messageIds] }),
  }
}

export function viewProject(record: ProjectRecord): V1['Project'] {
  return {
    id: record.id.toString(),
    uri: record.uri,
    hash: record.hash,
    paused: record.paused,
    owner: record.owner,
    block: record.block.toString(),
  }
}

/** A project with its versions, without their code. */
export function viewProjectWithVersions({ record, config }: ResolvedProject): V1['ProjectWithVersions'] {
  return {
    ...viewProject(record),
    defaultVersion: config.defaultVersion,
    versions: config.versions.map(({ code, unknown: _, ...version }) => ({
      ...version,
      inputs:
        version.inputs.scheme === 'poseidon-bn254'
          ? {
              ...version.inputs,
              fields: version.inputs.fields.map((field) => ({
                ...field,
                min: field.min.toString(),
                max: field.max.toString(),
              })),
            }
          : version.inputs,
      codeBytes: code.length / 2,
    })),
  }
}

export function viewToken(token: Token): V1['Token'] {
  return {
    id: token.id,
    label: token.label,
    scopes: [...token.scopes],
    projectId: token.projectId?.toString() ?? null,
    createdAt: time(token.createdAt),
    expiresAt: token.expiresAt === null ? null : time(token.expiresAt),
  }
}
