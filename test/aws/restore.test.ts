import { expect, it, onTestFinished } from 'vitest'
import { until } from '../support/until.ts'
import { backUp, restore } from './support/copyTable.ts'
import { type CloudDeployment, testCloud } from './support/testCloud.ts'
import { instant } from './support/testProject.ts'
import { Units } from './support/Units.ts'

const cloud = testCloud()

it('asks the chain what was settled after a restore from an older backup, and sends nothing before it is told to', {
  timeout: 240_000,
}, async () => {
  const live = await cloud.make(instant())
  const { direct } = cloud.aws
  const first = await Units.start(cloud, live)
  await first.finalized(await first.send(1))
  await first.stop()

  // The backup is taken between a task's proof and its transaction.
  const held = await Units.start(cloud, live, { settler: false })
  const [proved = ''] = await held.send(1)
  await held.taskOf(proved, 'proved')
  await held.stop()
  const backup = [await backUp(direct, live.tables.messages), await backUp(direct, live.tables.state)] as const
  const on = await Units.start(cloud, live)
  await on.finalized([proved, ...(await on.send(1))])
  await on.stop()
  expect(await cloud.settled(live)).toBe(3)

  const made = await cloud.aws.make()
  await restore(direct, made.tables.messages, backup[0])
  await restore(direct, made.tables.state, backup[1])
  const { W3B_TABLE_MESSAGES = '', W3B_TABLE_STATE = '' } = made.env
  const restored: CloudDeployment = {
    ...live,
    tables: made.tables,
    env: { ...live.env, W3B_TABLE_MESSAGES, W3B_TABLE_STATE },
  }
  const waiting = await Units.start(cloud, restored)
  // What was packed since is packed again under another number: it has to wait, like what was proved.
  const [later = ''] = await waiting.send(1)
  await waiting.taskOf(later, 'proved')
  const before = waiting.sweeps()
  await until('three more sweeps', () => waiting.sweeps() >= before + 3)
  expect((await waiting.ask(`/v1/messages/${later}`)).body.state).toBe('proved')
  expect(await cloud.settled(live)).toBe(3)
  await waiting.stop()

  const told = await Units.start(cloud, { ...restored, env: withAdoption(restored.env) })
  onTestFinished(() => told.stop())
  const tasks = await told.finalized([proved, later, ...(await told.send(1))])
  expect(tasks).toHaveLength(3)
  expect(await cloud.settled(live)).toBe(5)
})

/** As an operator says it in the configuration. */
function withAdoption(env: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const config = JSON.parse(env.W3B_CONFIG ?? '')
  const chains = config.chains.map((chain: object) => ({ ...chain, adoptChainNonce: true }))
  return { ...env, W3B_CONFIG: JSON.stringify({ ...config, chains }) }
}
