import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { readEmf } from '../shared/telemetry/readEmf.test.fixture.ts'

it('a sequencer that cannot be opened is counted as a listener that stands still, and its call fails', () => {
  // In a process of its own: Powertools writes to the process's stdout.
  const script = `
    import { sequenceHandler } from ${JSON.stringify(join(import.meta.dirname, 'sequenceHandler.ts'))}
    const handler = sequenceHandler({ W3B_STAGE: 'test' })
    await handler({ Records: [] }, { getRemainingTimeInMillis: () => 30_000 })`
  const { stdout, stderr, status } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    encoding: 'utf8',
    env: { AWS_LAMBDA_FUNCTION_NAME: 'w3bstream-test-sequencer', AWS_REGION: 'us-east-1' },
    timeout: 60_000,
  })
  expect(status).toBe(1)
  expect(stderr).toContain('W3B_TABLE_STATE is missing')
  const metrics = stdout.split('\n').filter((line) => line.includes('"_aws"'))
  expect(metrics.map(readEmf)).toEqual([
    { dimensions: { service: 'test-sequencer' }, metrics: { w3b_listener_stalled: ['None', 1] } },
  ])
})
