import { InvalidInputError } from '@w3bstream/protocol'

/**
 * GPUs that the native runtime of this process proves on: it knows the first alone.
 * @returns `W3B_GPUS`; 0 where it is not set
 * @throws {InvalidInputError} it is neither 0 nor 1
 */
export function gpuCount(env: Readonly<Record<string, string | undefined>> = process.env): 0 | 1 {
  const wanted = env.W3B_GPUS || '0'
  if (wanted === '0') return 0
  if (wanted === '1') return 1
  throw new InvalidInputError({
    field: 'W3B_GPUS',
    problem: `has to be 0 or 1, and is ${wanted}: a process proves on one GPU`,
    hint: 'For more, run one prover process a GPU, each with its own CUDA_VISIBLE_DEVICES and data directory.',
  })
}
