import { InvalidInputError } from '@w3bstream/protocol'
import { expect, it } from 'vitest'
import { gpuCount } from './gpuCount.ts'

it.each([
  [{}, 0],
  [{ W3B_GPUS: '' }, 0],
  [{ W3B_GPUS: '0' }, 0],
  [{ W3B_GPUS: '1' }, 1],
] as const)('reads from %o that there are %i', (env, count) => {
  expect(gpuCount(env)).toBe(count)
})

it.each(['2', '8', '01', '-1', 'all'])('refuses %s, since every proof would go to the first GPU', (W3B_GPUS) => {
  expect(() => gpuCount({ W3B_GPUS })).toThrow(InvalidInputError)
  expect(() => gpuCount({ W3B_GPUS })).toThrow(
    expect.objectContaining({
      message: `W3B_GPUS has to be 0 or 1, and is ${W3B_GPUS}: a process proves on one GPU`,
      hint: expect.stringContaining('CUDA_VISIBLE_DEVICES'),
    }),
  )
})
