import type { ProveJob } from '@w3bstream/core/ports'
import { fromHex, type Hex, ProgramError, toHex } from '@w3bstream/protocol'

const WORD = 32
const MOST_OUTPUTS = 1_024

/** What a guest's journal says about its task. */
export interface GuestJournal {
  /** The output words; `0x` for an older guest, whose proof never settles. */
  readonly outputs: Hex
  /** Binding, input commitment and outputs; none for an older guest. */
  readonly publicInputs: readonly Hex[]
}

/**
 * Reads a journal: `binding ‖ inputCommitment ‖ outputs`, 32 bytes each, when the guest binds its proof to the task; anything else is an older guest's, which
 * a project version with an input commitment may not be.
 * @throws {ProgramError} a binding with another commitment, a tail that is no words, or no binding where one is due
 */
export function readJournal(journal: Uint8Array, { binding, task }: Pick<ProveJob, 'binding' | 'task'>): GuestJournal {
  const refuse = (reason: string): ProgramError => new ProgramError({ runtime: 'risc0', reason })
  const commitment = fromHex(task.inputCommitment)
  const committed = commitment.some((byte) => byte !== 0)
  if (toHex(journal.subarray(0, WORD)) !== binding) {
    if (committed)
      throw refuse(
        journal.length === 0
          ? 'the guest committed nothing; its project version asks for the binding, the input commitment and the outputs'
          : 'the guest’s journal does not begin with the binding of this task and prover',
      )
    return { outputs: '0x', publicInputs: [] }
  }
  if (toHex(journal.subarray(WORD, 2 * WORD)) !== task.inputCommitment)
    throw refuse('the guest’s journal has another input commitment than the task')
  const outputs = journal.subarray(2 * WORD)
  if (outputs.length % WORD !== 0) throw refuse('the outputs in the guest’s journal are not words of 32 bytes')
  const count = outputs.length / WORD
  if (count > MOST_OUTPUTS) throw refuse(`the guest’s journal has more than ${MOST_OUTPUTS} outputs`)
  return {
    outputs: toHex(outputs),
    publicInputs: Array.from({ length: count + 2 }, (_, at) => toHex(journal.subarray(at * WORD, (at + 1) * WORD))),
  }
}
