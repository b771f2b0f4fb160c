import { messageId, type TraceId, traceIdOf } from '@w3bstream/protocol'
import { describe, expect, it } from 'vitest'
import { LeanTelemetry, type LeanTelemetryOptions } from './LeanTelemetry.ts'
import { METRICS } from './metricNames.ts'
import { readEmf } from './readEmf.test.fixture.ts'

const kept = '4bf92f3577b34da6a3ce929d00000001' as TraceId
const passedOver = '4bf92f3577b34da6a3ce929dffffffff' as TraceId

function lean(options: Partial<LeanTelemetryOptions> = {}) {
  const lines: string[] = []
  const sent: unknown[] = []
  const clock = { now: 1_767_225_600_000 }
  const telemetry = new LeanTelemetry(
    {
      write: (line) => lines.push(line),
      sendTraces: async (documents) => void sent.push(...documents.map((one) => JSON.parse(one))),
      now: () => clock.now,
    },
    { service: 'w3bstream-test-ingest', level: 'info', traceRate: 0.01, ...options },
  )
  return { telemetry, lines, sent, clock }
}

describe('LeanTelemetry', () => {
  it('writes what was counted between two flushes as one valid document a set of dimensions', async () => {
    const { telemetry, lines } = lean()
    for (let i = 0; i < 3; i++) telemetry.count('w3b_messages_total', { outcome: 'appended', auth: 'device' })
    telemetry.count('w3b_messages_total', { outcome: 'duplicate', auth: 'device' })
    telemetry.count('w3b_messages_refused_total', { code: 'NONCE_REUSED' }, 2)
    telemetry.observe('w3b_pack_wait_seconds', 0.5)
    telemetry.observe('w3b_pack_wait_seconds', 1.5)
    telemetry.gauge('w3b_account_unfunded', 1, { chain: '1' })
    telemetry.gauge('w3b_account_unfunded', 0, { chain: '4690' })
    await telemetry.flush()
    const service = 'w3bstream-test-ingest'
    expect(lines.map(readEmf)).toEqual([
      { dimensions: { service, outcome: 'appended' }, metrics: { w3b_messages_total: ['Count', 3] } },
      { dimensions: { service, outcome: 'duplicate' }, metrics: { w3b_messages_total: ['Count', 1] } },
      {
        dimensions: { service },
        metrics: {
          w3b_messages_refused_total: ['Count', 2],
          w3b_pack_wait_seconds: ['Seconds', [0.5, 1.5]],
          w3b_account_unfunded: ['None', 1],
        },
      },
    ])
  })

  it('writes nothing for an accepted message but its metrics, and those at most every ten seconds', async () => {
    const { telemetry, lines, clock } = lean()
    for (let second = 0; second < 60; second++) {
      telemetry.count('w3b_messages_total', { outcome: 'appended' })
      await telemetry.span('ingest', { trace: passedOver }, async () => {})
      await telemetry.flush()
      clock.now += 1_000
    }
    expect(lines).toHaveLength(6)
    expect(lines.map((line) => readEmf(line).metrics.w3b_messages_total?.[1])).toEqual([1, 10, 10, 10, 10, 10])
  })

  it('bounds what senders could make many of: names, label values, long texts', async () => {
    const { telemetry, lines } = lean({ everyMs: null })
    for (let i = 0; i < 1_000; i++) {
      telemetry.count(`w3b_made_up_${i}`)
      telemetry.count('w3b_messages_total', { outcome: `odd ${i}` })
      telemetry.observe('w3b_proving_seconds', i)
    }
    await telemetry.flush()
    expect(lines).toHaveLength(1)
    expect(readEmf(lines[0] ?? '').metrics.w3b_proving_seconds?.[1]).toHaveLength(100)
    telemetry.log('warn', 'long', { reason: 'x'.repeat(100_000), nonce: 5n, nested: { many: Array(9_999).fill(1n) } })
    expect(lines[1]?.length).toBeLessThan(10_000)
  })

  it('sends the spans of one trace in a hundred, the same in each unit, with links and failures', async () => {
    const { telemetry, sent } = lean()
    await telemetry.span('ingest', { trace: passedOver }, async () => {})
    const failing = telemetry.span(
      'ingest',
      { trace: kept, links: [passedOver], attributes: { project: '7' } },
      async () => {
        throw new TypeError('no')
      },
    )
    await expect(failing).rejects.toThrow('no')
    await telemetry.flush()
    expect(sent).toEqual([
      {
        name: 'w3bstream-test-ingest',
        id: expect.stringMatching(/^[0-9a-f]{16}$/),
        trace_id: '1-4bf92f35-77b34da6a3ce929d00000001',
        start_time: expect.any(Number),
        end_time: 1_767_225_600,
        annotations: { step: 'ingest', trace: kept, project: '7' },
        metadata: { default: { links: [passedOver] } },
        fault: true,
        cause: { exceptions: [{ id: expect.stringMatching(/^[0-9a-f]{16}$/), message: 'TypeError: no' }] },
      },
    ])
    const traces = Array.from({ length: 20_000 }, (_, i) =>
      traceIdOf(messageId(`01933b6a-6c1e-7a31-8f8c-${i.toString(16).padStart(12, '0')}`)),
    )
    const before = sent.length
    for (const trace of traces) {
      await telemetry.span('ingest', { trace }, async () => {})
      await telemetry.flush()
    }
    expect((sent.length - before) / traces.length).toBeCloseTo(0.01, 2)
  })

  it('does not iterate links of a span that nobody keeps', async () => {
    const { telemetry } = lean()
    const links = (function* (): Generator<TraceId> {
      yield expect.fail('was read')
    })()
    expect(await telemetry.span('ingest', { trace: passedOver, links }, async () => 5)).toBe(5)
  })

  it('goes on when traces cannot be sent', async () => {
    const lines: string[] = []
    const sendTraces = () => Promise.reject(new Error('X-Ray answered 500'))
    const telemetry = new LeanTelemetry(
      { write: (line) => lines.push(line), sendTraces },
      { service: 'ingest', level: 'debug', traceRate: 1 },
    )
    await telemetry.span('ingest', { trace: kept }, async () => {})
    await telemetry.flush()
    expect(lines.map((line) => JSON.parse(line).message)).toEqual(['ingest', 'traces were not sent'])
  })

  it('knows units for every metric', () => {
    for (const [name, { unit }] of Object.entries(METRICS)) {
      expect(name).toMatch(/^w3b_[a-z_]+$/)
      expect(['Count', 'Seconds', 'None']).toContain(unit)
    }
  })
})
