import { availableParallelism, totalmem } from 'node:os'
import { expect, it } from 'vitest'
import { detectMachine } from './detectMachine.ts'

it('finds what this machine has, and believes what it is told', () => {
  const found = detectMachine()
  expect(found).toMatchObject({ cores: availableParallelism(), gpus: 0 })
  expect(found.memoryBytes).toBeGreaterThan(0)
  expect(found.memoryBytes).toBeLessThan(totalmem())
  expect(detectMachine({ cores: 3, gpus: 2, memoryBytes: 5 })).toEqual({ cores: 3, gpus: 2, memoryBytes: 5 })
})
