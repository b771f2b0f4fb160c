import { spawn, spawnSync } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { readEmf } from './readEmf.test.fixture.ts'

const scriptOf = (code: string, level: 'info' | 'debug'): string => `
    import { PowertoolsTelemetry } from ${JSON.stringify(join(import.meta.dirname, 'PowertoolsTelemetry.ts'))}
    const telemetry = new PowertoolsTelemetry({ service: 'w3bstream-test-settler', level: ${JSON.stringify(level)} })
    ${code}`

/** Runs a piece of code in a process of its own, as Lambda does: Powertools reads its settings when it starts, and writes to the process's stdout. */
function linesOf(code: string, level: 'info' | 'debug' = 'info'): string[] {
  const script = scriptOf(code, level)
  const { stdout, stderr, status } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    encoding: 'utf8',
    env: { AWS_LAMBDA_FUNCTION_NAME: 'w3bstream-test-settler', AWS_REGION: 'us-east-1' },
    timeout: 30_000,
  })
  if (status !== 0) throw new Error(stderr)
  return stdout.split('\n').filter((line) => line !== '')
}

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736'

describe('PowertoolsTelemetry', () => {
  it('writes metrics as valid documents at a flush, with the dimensions of the list alone', () => {
    const lines = linesOf(`
      telemetry.count('w3b_settlements_failed_total')
      telemetry.count('w3b_settlements_failed_total')
      telemetry.gauge('w3b_account_unfunded', 1, { chain: '1', account: '0xab' })
      telemetry.gauge('w3b_account_unfunded', 0, { chain: '4690', account: '0xab' })
      telemetry.observe('w3b_proving_seconds', 1.5, { runtime: 'halo2' })
      telemetry.count('w3b_tasks_total', { state: 'settled' })
      telemetry.count('w3b_made_up_total', { id: 'x' })
      await telemetry.flush()
      await telemetry.flush()`)
    const service = 'w3bstream-test-settler'
    expect(lines.map(readEmf)).toEqual([
      { dimensions: { service, state: 'settled' }, metrics: { w3b_tasks_total: ['Count', 1] } },
      {
        dimensions: { service },
        metrics: {
          w3b_settlements_failed_total: ['Count', [1, 1]],
          w3b_proving_seconds: ['Seconds', 1.5],
          w3b_account_unfunded: ['None', 1],
        },
      },
    ])
  })

  it('names the trace in lines that are written inside a span, and in no others', () => {
    const lines = linesOf(
      `
      await telemetry.span('settle', { trace: ${JSON.stringify(TRACE)}, attributes: { task: '0x01' } }, async () => {
        await Promise.resolve()
        telemetry.log('info', 'inside', { reason: 'x'.repeat(100_000), nonce: 7n })
      })
      telemetry.log('info', 'outside')`,
      'debug',
    ).map((line) => JSON.parse(line))
    expect(lines).toMatchObject([
      { level: 'INFO', message: 'inside', trace: TRACE, nonce: '7', service: 'w3bstream-test-settler' },
      { level: 'DEBUG', message: 'settle', trace: TRACE, task: '0x01', durationMs: expect.any(Number) },
      { level: 'INFO', message: 'outside' },
    ])
    expect(lines[0].reason).toHaveLength(2_000)
    expect(lines[2]).not.toHaveProperty('trace')
  })

  it('passes results and failures through', () => {
    expect(
      linesOf(`
        const of = { trace: ${JSON.stringify(TRACE)} }
        const five = await telemetry.span('prove', of, async () => 5)
        const failure = await telemetry.span('prove', of, async () => { throw new RangeError('no') }).catch(String)
        console.log(JSON.stringify({ five, failure }))`).map((line) => JSON.parse(line)),
    ).toEqual([{ five: 5, failure: 'RangeError: no' }])
  })

  it('makes each span a subsegment of the call that is traced, found by its trace', async () => {
    const daemon = createSocket('udp4')
    const documents: unknown[] = []
    // A header line, then the document.
    daemon.on('message', (packet) => documents.push(JSON.parse(packet.toString().split('\n')[1] ?? '')))
    daemon.bind(0, '127.0.0.1')
    await once(daemon, 'listening')
    onTestFinished(() => void daemon.close())
    const code = `
      const of = { trace: ${JSON.stringify(TRACE)}, links: ['ab'.repeat(16)], attributes: { task: '0x01' } }
      await telemetry.span('settle', of, async () => {})
      await telemetry.span('prove', of, async () => { throw new RangeError('no') }).catch(() => {})`
    const child = spawn(process.execPath, ['--input-type=module', '-e', scriptOf(code, 'info')], {
      stdio: ['ignore', 'ignore', 'inherit'],
      timeout: 30_000,
      env: {
        AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x',
        AWS_REGION: 'us-east-1',
        AWS_XRAY_DAEMON_ADDRESS: `127.0.0.1:${daemon.address().port}`,
        LAMBDA_TASK_ROOT: import.meta.dirname,
        _X_AMZN_TRACE_ID: 'Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1',
      },
    })
    expect(await once(child, 'exit')).toEqual([0, null])
    await expect.poll(() => documents.length).toBe(2)
    const annotations = { step: 'settle', trace: TRACE, task: '0x01' }
    expect(documents).toMatchObject([
      {
        name: '## settle',
        trace_id: '1-5759e988-bd862e3fe1be46a994272793',
        annotations,
        metadata: { default: { links: ['ab'.repeat(16)] } },
      },
      { name: '## prove', fault: true, metadata: { default: { failure: 'RangeError: no' } } },
    ])
  })
})
