import type { ProveJob } from '@w3bstream/core/ports'
import { programInput } from './programInput.ts'

/** A job as programs of ours read it, in any proof system: the JSON text of `prove_task`. */
export function proveTaskText(job: ProveJob): string {
  const { task, binding, data, salt } = programInput(job)
  return JSON.stringify({ task, binding, data, salt })
}
