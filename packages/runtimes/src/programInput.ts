import type { ProveJob } from '@w3bstream/core/ports'
import type { ProgramInput } from './child/Program.ts'

/** A job as a child is told it. Integers that may pass 2^53 are decimal strings; `messageCount` is a JSON number. */
export function programInput(job: ProveJob): ProgramInput {
  const { task } = job
  return {
    data: job.payloads,
    task: {
      projectId: task.projectId.toString(),
      version: task.version,
      configHash: task.configHash,
      messagesRoot: task.messagesRoot,
      messageCount: task.messageCount,
      inputCommitment: task.inputCommitment,
      sequencer: task.sequencer,
      number: task.number.toString(),
      digest: job.taskId,
    },
    binding: job.binding,
    salt: job.salt,
    projectId: task.projectId.toString(),
    taskId: task.number.toString(),
    clientId: job.clientId,
    sequencerSignature: job.sequencerSignature,
  }
}
