import { expect, it } from 'vitest'
import { IDLE_AT_MOST, idleMonth } from '../bench/cost/idle.ts'
import { afterAlwaysFree, dollars } from '../bench/cost/prices.ts'
import { synthesise } from './synth/synthesise.ts'

it.each([
  ['production', 'with its node', 60],
  ['dev', 'without a node', 5],
])('%s, %s, costs less than $%d in a month in which nobody sends anything', async (stage, _, atMost) => {
  const graph = await synthesise({ stage, config: 'test/stacks/variants/shipped.ts', bundle: false })
  const usage = idleMonth(graph, IDLE_AT_MOST)
  expect(usage['kms.key']).toBe(3)
  expect(usage['cloudwatch.alarmMetric']).toBeGreaterThan(5)
  expect((usage['fargate.vcpu'] ?? 0) > 0).toBe(stage === 'production')
  expect(dollars(afterAlwaysFree(usage))).toBeLessThan(atMost)
})
