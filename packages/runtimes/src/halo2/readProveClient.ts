import type { ProofOutput, ProveJob } from '@w3bstream/core/ports'
import { fromWord, ProgramError, toHex, toWord } from '@w3bstream/protocol'

const WORD = 32
const HEAD = 3 * WORD

/**
 * Reads what an older `prove(projectId, taskId, clientId, sequencerSign, input)` returned: `abi.encode(uint256 publicInput, uint256 taskId, bytes
 * proof)`. Its circuit's public inputs are (public input, project id, task id).
 * @throws {ProgramError} if it is not that encoding
 */
export function readProveClient(bytes: Uint8Array, { task }: Pick<ProveJob, 'task'>): ProofOutput {
  const refuse = (): ProgramError =>
    new ProgramError({ runtime: 'halo2', reason: 'prove returned no abi.encode(uint256, uint256, bytes)' })
  const offset = small(bytes.subarray(2 * WORD, HEAD))
  if (bytes.length < HEAD + WORD || offset !== HEAD) throw refuse()
  const length = small(bytes.subarray(offset, offset + WORD))
  const proof = bytes.subarray(offset + WORD, offset + WORD + length)
  if (proof.length !== length || length === 0) throw refuse()
  return {
    proof,
    outputs: '0x',
    publicInputs: [
      toHex(bytes.subarray(0, WORD)),
      toHex(toWord(task.projectId)),
      toHex(bytes.subarray(WORD, 2 * WORD)),
    ],
    raw: toHex(bytes),
    checkedBy: null,
  }
}

/** A word as a length; what does not fit is beyond any. */
function small(word: Uint8Array): number {
  const value = fromWord(word)
  return value < 2n ** 31n ? Number(value) : Number.MAX_SAFE_INTEGER
}
