import { verifyReceiptOnChain } from '@w3bstream/chain'
import { parseReceipt, verifyReceipt } from '@w3bstream/protocol'
import { openState } from '@w3bstream/store-aws'
import { expect, it, onTestFinished } from 'vitest'
import { guardState } from './support/guardState.ts'
import { testCloud } from './support/testCloud.ts'
import { type UnitName, Units } from './support/Units.ts'
import { Station, weather } from './support/weather.ts'

const cloud = testCloud()

it('takes messages in by the function URL and gives receipts that hold on the chain, over real proofs and keys in KMS', {
  timeout: 240_000,
}, async () => {
  const deployment = await cloud.make(weather({ amount: 4, maxAgeMs: 2_000 }), { kms: true })
  // A stage has its item `meta` before there is anything to prove.
  const table = deployment.tables.state
  await openState({ aws: cloud.aws.direct }, { table })
  const guard = (role: string) => guardState({ dynamo: cloud.aws.dynamo.emulator, table, role })
  const guards = {
    ingest: await guard('Ingest'),
    segments: await guard('Segments'),
    sequencer: await guard('Sequencer'),
    settler: await guard('Settler'),
    prover: await guard('Prover'),
    node: await guard('Node'),
  }
  const envOf = (unit: UnitName) => ({ ...deployment.env, AWS_ENDPOINT_URL_DYNAMODB: guards[unit].url })
  const units = await Units.start(cloud, deployment, { runtimes: new Map(), node: true, envOf })
  onTestFinished(async () => {
    await units.stop()
    await Promise.all(Object.values(guards).map((one) => one.stop()))
  })
  const station = new Station(deployment.domain, deployment.projectId)
  const messages = await units.post(await Promise.all([1, 2, 3, 4, 5].map(() => station.next())))
  const tasks = await units.finalized(messages)
  expect(tasks).toHaveLength(2)
  expect(await cloud.settled(deployment)).toBe(2)
  for (const message of messages) {
    const { body } = await units.ask(`/v1/messages/${message}/receipt`)
    const receipt = parseReceipt(body)
    expect(receipt).toMatchObject({ messageId: message, verified: true, finalized: true, inputBound: true })
    expect(verifyReceipt(body)).toMatchObject({ ok: true })
    const checks = await verifyReceiptOnChain({ receipt, rpcUrl: cloud.rpc, router: cloud.contracts.settlement })
    expect(checks.filter(({ ok }) => !ok)).toEqual([])
  }
  expect(Object.entries(guards).flatMap(([unit, { refused }]) => refused.map((one) => `${unit}: ${one}`))).toEqual([])
  expect(units.pumps.flatMap(({ errors }) => errors)).toEqual([])
})
