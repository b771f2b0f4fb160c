import { verifyReceiptOnChain } from '@w3bstream/chain'
import { parseReceipt, verifyReceipt } from '@w3bstream/protocol'
import { expect, it, onTestFinished } from 'vitest'
import { testCloud } from './support/testCloud.ts'
import { Units } from './support/Units.ts'
import { Station, weather } from './support/weather.ts'

const cloud = testCloud()

it('takes messages in by the function URL and gives receipts that hold on the chain, over real proofs and keys in KMS', {
  timeout: 240_000,
}, async () => {
  const deployment = await cloud.make(weather({ amount: 4, maxAgeMs: 2_000 }), { kms: true })
  const units = await Units.start(cloud, deployment, { runtimes: new Map(), node: true })
  onTestFinished(() => units.stop())
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
  expect(units.pumps.flatMap(({ errors }) => errors)).toEqual([])
})
