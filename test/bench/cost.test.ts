import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Deployed, startDeployed } from './cost/Deployed.ts'
import { IDLE_AT_MOST } from './cost/idle.ts'
import { type Measured, measure } from './cost/measure.ts'
import { dollars, entries, times } from './cost/prices.ts'
import { missed, type Report, report } from './cost/report.ts'

const MESSAGES = 200

describe('what AWS would bill for messages that go through the real units', () => {
  const dir = mkdtempSync(join(tmpdir(), 'w3b-cost-'))
  let deployed: Deployed
  let measured: Measured
  let result: Report

  beforeAll(async () => {
    deployed = await startDeployed(dir)
    measured = await measure(deployed, { messages: MESSAGES, nodeSeconds: 11, say: () => {} })
    result = report(measured, null)
  }, 400_000)
  afterAll(async () => {
    await deployed.stop()
    rmSync(dir, { recursive: true, force: true })
  }, 60_000)

  it.each(['single, unsigned', 'single, signed'])(
    '%s: one conditional put of two units, and no other write',
    (name) => {
      const { calls = [] } = measured.ingested.find((one) => one.name === name) ?? {}
      const writes = calls.filter(
        ({ writeUnits, service, operation }) => writeUnits > 0 || service === 'sqs' || operation === 'PUT',
      )
      expect(writes).toMatchObject([{ service: 'dynamodb', operation: 'PutItem', calls: 1, refused: 0, writeUnits: 2 }])
      const item = result.items.find((one) => one.name === `${name}, direct`)
      expect(item?.writeUnits?.withOrder).toBeLessThanOrEqual(2.1)
    },
  )

  it('a batch is one object and one item', () => {
    const { calls = [] } = measured.ingested.find(({ batch }) => batch === 100) ?? {}
    const counts = calls
      .filter(({ operation }) => /put/i.test(operation))
      .map((call) => [call.service, call.calls * 100])
    expect(Object.fromEntries(counts)).toEqual({ s3: expect.closeTo(1), dynamodb: expect.closeTo(1) })
  })

  it('every figure stays below what it is held against', () => {
    expect(missed(result).map(({ name, dollars: found, atMost }) => ({ name, found, atMost }))).toEqual([])
    expect(result.items.filter(({ atMost }) => atMost !== null).map(({ name, atMost }) => [name, atMost])).toEqual([
      ['single, unsigned, CloudFront', 3.25],
      ['single, unsigned, direct', 2],
      ['single, signed, CloudFront', 3.25],
      ['single, signed, direct', 2],
      ['batches of 100, CloudFront', 0.6],
      ['batches of 100, direct', 0.6],
      ['batches of 1,000, CloudFront', 0.6],
      ['batches of 1,000, direct', 0.6],
    ])
  })

  it('counts each step of a proof, and signs twice for a task, once for its result and once for a transaction of several', () => {
    const { sequencer, prover, settler } = measured.proof
    for (const unit of [sequencer, prover, settler]) expect(unit['dynamodb.write']).toBeGreaterThan(1)
    expect(sequencer['kms.asymmetric']).toBeCloseTo(2, 1)
    expect(prover['kms.asymmetric']).toBeCloseTo(1, 0)
    expect(settler['kms.asymmetric']).toBeGreaterThan(0)
    expect(settler['kms.asymmetric']).toBeLessThan(1)
  })

  it('asks for little while nothing waits', () => {
    expect(measured.idleMetrics).toBeLessThanOrEqual(IDLE_AT_MOST.idleMetrics)
    for (const what of ['sweep', 'nodeSecond'] as const) {
      const { 'lambda.compute': _, ...counted } = measured[what]
      const over = entries(counted).filter(([name, n]) => n > (IDLE_AT_MOST[what][name] ?? 0))
      expect(over, what).toEqual([])
    }
  })

  it('prices by the list', () => {
    expect(dollars({ 'dynamodb.write': 2_000_000, 'cloudfront.request': 1_000_000 })).toBeCloseTo(1.25 + 1)
    expect(dollars(times({ 'lambda.compute': 1 }, 1e6))).toBeCloseTo(13.3334)
  })
})
