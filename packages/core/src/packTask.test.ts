import { projectId } from '@w3bstream/protocol'
import { expect, it } from 'vitest'
import { isDue, taskBytes } from './packTask.ts'

const MIB = 2 ** 20
const log = { projectId: projectId(1n), version: 'v1' }

it.each([
  [null, 16 * MIB],
  [1_000, 1_000],
  [16 * MIB, 16 * MIB],
  [Number.MAX_SAFE_INTEGER, 16 * MIB],
])('closes a task at %s bytes of a project file by %i', (maxBytes, bytes) => {
  const version = { aggregation: { amount: 100_000, maxAgeMs: null, maxBytes } }
  expect(taskBytes(version)).toBe(bytes)
  expect(isDue(version, { log, count: 2, bytes, oldestAt: 0 }, 0)).toBe(true)
  expect(isDue(version, { log, count: 2, bytes: bytes - 1, oldestAt: 0 }, 0)).toBe(false)
})
