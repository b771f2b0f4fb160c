import type { ProveJob } from '@w3bstream/core/ports'
import { proveTaskText } from '../proveTaskText.ts'

/** What a guest reads, string by string: the data strings as a JSON array, as older guests have it, then the JSON of `prove_task`. */
export function guestInputs(job: ProveJob): readonly string[] {
  return [JSON.stringify(job.payloads), proveTaskText(job)]
}
