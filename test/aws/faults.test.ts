import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ProofOutput, ProveJob } from '@w3bstream/core'
import { SqsQueue } from '@w3bstream/store-aws'
import { streamPump } from '@w3bstream/store-aws/testing'
import { afterAll, afterEach, expect, it, onTestFinished, vi } from 'vitest'
import { startProver } from '../../functions/prover/startProver.ts'
import { segmentsHandler } from '../../functions/sequencer/segmentsHandler.ts'
import { sequenceHandler } from '../../functions/sequencer/sequenceHandler.ts'
import { PowertoolsTelemetry } from '../../functions/shared/telemetry/PowertoolsTelemetry.ts'
import { InstantRuntime } from '../support/InstantRuntime.ts'
import { until } from '../support/until.ts'
import { type Doomed, doomed } from './support/doomed.ts'
import { startProverProcess } from './support/startProverProcess.ts'
import { testCloud } from './support/testCloud.ts'
import { instant } from './support/testProject.ts'
import { SWEEP_MS, scheduled, Units, type UnitsOptions } from './support/Units.ts'

const dbPath = mkdtempSync(join(tmpdir(), 'w3b-dynamo-'))
afterAll(() => rmSync(dbPath, { recursive: true, force: true }))
const cloud = testCloud({ dbPath })
afterEach(() => {
  cloud.aws.dynamo.proxy.clear()
  cloud.aws.fauxqs.proxy.clear()
})

async function start(options: UnitsOptions = {}, project = instant()): Promise<Units> {
  const units = await Units.start(cloud, await cloud.make(project), options)
  onTestFinished(() => units.stop())
  return units
}

/** Proves until it is told to stop. */
class HangingRuntime extends InstantRuntime {
  readonly #calling = Promise.withResolvers<void>()
  readonly called = this.#calling.promise

  override prove(_job: ProveJob, signal?: AbortSignal): Promise<ProofOutput> {
    this.#calling.resolve()
    return new Promise((_, reject) => signal?.addEventListener('abort', () => reject(new Error('it was stopped'))))
  }
}

/** Keeps its proofs back until it may give them. */
class HeldRuntime extends InstantRuntime {
  readonly #gate = Promise.withResolvers<void>()
  readonly give = this.#gate.resolve

  override async prove(job: ProveJob): Promise<ProofOutput> {
    const output = await super.prove(job)
    await this.#gate.promise
    return output
  }
}

/** Each message is in one task, each task has one result, and the chain has no more. */
async function expectOneResultEach(units: Units, messages: readonly string[], perTask = 1): Promise<void> {
  const tasks = await units.finalized(messages)
  expect(tasks).toHaveLength(messages.length / perTask)
  expect(await cloud.settled(units.deployment)).toBe(tasks.length)
}

it('loses nothing and doubles nothing when a function is cut off between two of its calls', {
  timeout: 150_000,
}, async () => {
  // How many calls reach AWS before the end, for one instance after the other.
  const cuts = {
    segments: [1, 3, 5, 6],
    sequencer: [2, 9, 12, 14, 16, 18, 20, 24],
    settler: [2, 5, 8, 9, 10, 12],
  }
  const armed: Record<keyof typeof cuts, Doomed[]> = { segments: [], sequencer: [], settler: [] }
  const cutOff: Doomed[] = []
  const units = await start({
    variables: (unit) => {
      const next = armed[unit].shift()
      if (next !== undefined) cutOff.push(next)
      return next?.env ?? null
    },
  })
  const emulators = { dynamo: cloud.aws.dynamo.emulator, fauxqs: cloud.aws.fauxqs.emulator }
  for (const unit of ['segments', 'sequencer', 'settler'] as const)
    armed[unit] = await Promise.all(cuts[unit].map((cut) => doomed(units.deployment.env, emulators, cut)))
  const messages: string[] = []
  await until(
    'every instance to be cut off',
    async () => {
      messages.push(...(await units.send(1)))
      await units.taskOf(messages.at(-1) ?? '', 'finalized')
      return Object.values(armed).every((left) => left.length === 0)
    },
    70_000,
  )
  await expectOneResultEach(units, messages)
  expect(cutOff.filter((one) => one.calls() > 0).length).toBe(Object.values(cuts).flat().length)
  await Promise.all(cutOff.map((one) => one.stop()))
})

it('goes on with a proof while its hint comes again', { timeout: 150_000 }, async () => {
  const runtime = new HeldRuntime()
  // For half of the lease of ten seconds; what is in hand is extended by all of it.
  let givenBack = 0
  cloud.aws.fauxqs.proxy.inject({
    fault: { type: 'throttle' },
    operation: 'ChangeMessageVisibility',
    when: ({ input }) => {
      if (Number(input.VisibilityTimeout) < 10) givenBack++
      return false
    },
  })
  const units = await start({ runtimes: new Map([['halo2', runtime]]) })
  const messages = await units.send(1)
  await until('the proof to begin', async () => runtime.calls > 0)
  const { id } = await units.taskOf(messages[0] ?? '', 'assigned')
  const { url, deadLettersUrl } = units.deployment.queues.prove
  const queue = new SqsQueue({ aws: cloud.aws.direct }, { url, deadLettersUrl })
  for (let again = 0; again < 2; again++) await queue.send(String(id))
  await until('the hints to be given back', async () => givenBack >= 2)
  runtime.give()
  await expectOneResultEach(units, messages)
  expect(runtime.calls).toBe(1)
})

it('makes one result of hints that come twice, in another order and in part', { timeout: 150_000 }, async () => {
  const units = await start({ reshape: (records) => [...records.toReversed(), ...records] })
  const { proxy } = cloud.aws.fauxqs
  for (const operation of ['SendMessageBatch', 'DeleteMessageBatch'])
    proxy.inject({ fault: { type: 'partial' }, operation, times: 4 })
  proxy.inject({ fault: { type: 'drop', when: 'after' }, operation: 'SendMessage', times: 4 })
  const messages = await units.send(8)
  // Each hint once more, for tasks wherever they are by now.
  const again = Object.values(units.deployment.queues).map(
    (urls) => new SqsQueue({ aws: cloud.aws.direct }, { ...urls, deadLettersUrl: urls.deadLettersUrl }),
  )
  const tasks = await units.finalized(messages)
  for (const queue of again.slice(1, 3)) for (const task of tasks) await queue.send(task)
  await until('the hints to be gone', async () =>
    (await Promise.all(again.map((q) => q.depth()))).every((n) => n === 0),
  )
  await expectOneResultEach(units, messages)
})

it('goes on while DynamoDB throttles, breaks connections and leaves work undone', { timeout: 150_000 }, async () => {
  const units = await start()
  const messages = await units.send(6)
  const { proxy } = cloud.aws.dynamo
  let calls = 0
  proxy.inject({ fault: { type: 'unprocessed', keep: 1 }, operation: 'BatchGetItem', times: 10 })
  proxy.inject({ fault: { type: 'throttle' }, when: () => calls % 5 === 0 })
  // Asked first, being the newest: counts each call once.
  proxy.inject({ fault: { type: 'drop', when: 'after' }, when: () => ++calls % 11 === 0 })
  await expectOneResultEach(units, messages)
  expect(calls).toBeGreaterThan(50)
})

it('takes messages while SQS is away, and delivers them when it is back', { timeout: 150_000 }, async () => {
  const units = await start()
  const outage = cloud.aws.fauxqs.proxy.inject({
    fault: { type: 'error' },
    when: ({ operation }) => operation.includes('Message'),
  })
  const messages = await units.send(3)
  for (const message of messages) await units.taskOf(message, 'assigned')
  outage.remove()
  await expectOneResultEach(units, messages)
})

it('finishes a task whose prover was killed in mid-proof', { timeout: 150_000 }, async () => {
  const units = await start({ runtimes: null })
  const first = await startProverProcess(units.deployment.env, { hangs: true })
  const messages = await units.send(1)
  await first.proving
  await first.kill()
  const second = await startProverProcess(units.deployment.env, { hangs: false })
  await expectOneResultEach(units, messages)
  await second.kill()
})

it('hands back what a prover has in hand when it is told to stop', { timeout: 150_000 }, async () => {
  const hanging = new HangingRuntime()
  const units = await start({ runtimes: new Map([['halo2', hanging]]) })
  const messages = await units.send(1)
  await hanging.called
  await units.prover?.close()
  const next = await startProver(units.deployment.env, { runtimes: new Map([['halo2', new InstantRuntime()]]) })
  onTestFinished(() => next.close())
  await expectOneResultEach(units, messages)
})

it('packs each message once however many sequencers run, and with no time left', { timeout: 150_000 }, async () => {
  const units = await start()
  const { env } = units.deployment
  const left = (ms: number) => ({ getRemainingTimeInMillis: () => ms })
  const handlers = Array.from({ length: 3 }, () => sequenceHandler(env, SWEEP_MS))
  const messages = await units.send(12)
  const cut = handlers.map((handler, i) => handler(scheduled(), left(1_000 * i)))
  const whole = handlers.map((handler) => handler(scheduled(), left(30_000)))
  await Promise.all([...cut, ...whole])
  await expectOneResultEach(units, messages)
})

it('goes on when the emulators are restarted', { timeout: 150_000 }, async () => {
  const units = await start()
  const before = await units.send(2)
  await Promise.all([cloud.aws.dynamo.emulator.restart(), cloud.aws.fauxqs.emulator.restart()])
  const after = await units.send(2)
  await expectOneResultEach(units, [...before, ...after])
})

it('orders what a stalled stream held back, once it moves again', { timeout: 150_000 }, async () => {
  const units = await start()
  await units.stream.stop()
  const messages = await units.send(20)
  const { body } = await units.ask(`/v1/messages/${messages[0]}`)
  expect(body).toMatchObject({ state: 'received', task: null })
  const handler = segmentsHandler(units.deployment.env)
  const pump = streamPump(cloud.aws.direct, {
    table: units.deployment.tables.messages,
    handler: ({ Records }) => handler({ Records: Records as never }),
  })
  onTestFinished(() => pump.stop())
  await expectOneResultEach(units, messages)
})

it('repairs the order of messages that the stream function gave up', { timeout: 150_000 }, async () => {
  let broken = true
  const given: unknown[] = []
  const deployment = await cloud.make(instant())
  const gaps = new SqsQueue({ aws: cloud.aws.direct }, { ...deployment.queues.gaps })
  const handler = segmentsHandler(deployment.env)
  const units = await Units.start(cloud, deployment, {
    stream: {
      handler: async ({ Records }) => {
        if (broken) throw new Error('it is broken')
        return handler({ Records: Records as never })
      },
      attempts: 2,
      onGiveUp: async (batch) => {
        given.push(batch)
        await gaps.send(JSON.stringify(batch))
      },
    },
  })
  onTestFinished(() => units.stop())
  const lost = await units.send(3)
  await until('the stream function to give up', () => given.length > 0)
  broken = false
  const kept = await units.send(2)
  await expectOneResultEach(units, [...lost, ...kept])
})

it('waits for an account without money, and goes on by itself when it has some', { timeout: 150_000 }, async () => {
  const units = await start()
  const { settler } = units.deployment
  const setBalance = (wei: string) => cloud.chain.request('anvil_setBalance', [settler, wei], () => null)
  const gauge = vi.spyOn(PowertoolsTelemetry.prototype, 'gauge')
  onTestFinished(() => gauge.mockRestore())
  const unfunded = () => gauge.mock.calls.filter(([name]) => name === 'w3b_account_unfunded').at(-1)?.[1]
  await setBalance('0x1')
  const messages = await units.send(2)
  await units.taskOf(messages[0] ?? '', 'proved')
  await until('the alarm to be raised', async () => unfunded() === 1)
  const seen = units.sweeps()
  await until('the settler and the schedule to have met it', async () => units.sweeps() >= seen + 3)
  expect(unfunded()).toBe(1)
  expect(await cloud.settled(units.deployment)).toBe(0)
  for (const message of messages) expect((await units.ask(`/v1/messages/${message}`)).body.state).toBe('proved')
  await setBalance('0x8ac7230489e80000')
  await expectOneResultEach(units, messages)
  await until('the alarm to be taken back', async () => unfunded() === 0)
})
