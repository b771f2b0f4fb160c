import { LocalSigner } from '@w3bstream/chain'
import { InvalidConfigError } from '@w3bstream/protocol'
import { DynamoTokens, openState } from '@w3bstream/store-aws'
import { testAws } from '@w3bstream/store-aws/testing'
import { describe, expect, it } from 'vitest'
import { operate } from './operate.ts'

const clock = { now: () => 1_767_225_600_000 }
const SINCE = '2025-12-31T23:00:00Z'
const keys = { sequencer: 'one', prover: 'two', settler: 'ssm:/w3bstream/dev/secrets/SettlerKey' }

describe('operate', () => {
  const aws = testAws()
  const open = async () => {
    const { tables } = await aws.make()
    const known = { messagesTable: tables.messages, stateTable: tables.state, keys }
    const run = (...args: string[]) =>
      operate(
        {
          aws: aws.sdk,
          clock,
          readParameter: async (name) =>
            name === '/w3bstream/dev/operator'
              ? JSON.stringify(known)
              : Promise.reject(new InvalidConfigError({ problems: [name] })),
          openKey: async (id) => LocalSigner.fromHex(`0x${(id.length + 1).toString(16).padStart(64, '0')}`, id),
        },
        args,
      )
    return { run, tables }
  }

  it('prints the addresses of the keys', async () => {
    const { run } = await open()
    const said = await run('--stage', 'dev', 'accounts')
    expect(said.split('\n')).toEqual([
      expect.stringMatching(/^sequencer +0x[0-9a-f]{40}$/),
      expect.stringMatching(/^prover +0x[0-9a-f]{40}$/),
      expect.stringMatching(/^settler +0x[0-9a-f]{40}$/),
    ])
  })

  it('makes a token that the deployment knows', async () => {
    const { run, tables } = await open()
    const [secret = ''] = (
      await run('--stage', 'dev', 'token', '--label', 'field', '--scope', 'send', '--project', '7')
    ).split('\n')
    const { table } = await openState({ aws: aws.sdk }, { table: tables.state })
    expect(await new DynamoTokens({ table }).check(secret, clock.now())).toMatchObject({
      label: 'field',
      scopes: ['send'],
      projectId: 7n,
    })
  })

  it('reads messages again', async () => {
    const { run } = await open()
    expect(await run('--stage', 'dev', 'read-again', '--since', SINCE)).toBe(
      '0 messages put into their logs; 0 items looked at.',
    )
  })

  it.each([
    [['accounts'], '--stage is missing'],
    [['--stage', 'dev', 'dance'], 'no such command'],
    [['--stage', 'dev', 'accounts', 'now'], 'now is one argument too many'],
    [['--stage', 'dev', '--colour', 'red', 'accounts'], "Unknown option '--colour'"],
    [['--stage', 'dev', 'token'], '--label is missing'],
    [['--stage', 'dev', 'token', '--label', 'x', '--scope', 'all'], 'there is no scope all'],
    [['--stage', 'dev', 'read-again'], '--since is missing'],
    [['--stage', 'dev', 'read-again', '--since', 'noon'], '--since has to be a time'],
    [['--stage', 'dev', 'read-again', '--since', '2025-01-01T00:00:00Z'], 'more than 30 days back'],
  ])('refuses %j and says how it is meant', async (args, problem) => {
    const { run } = await open()
    const refused = run(...args)
    await expect(refused).rejects.toThrow(InvalidConfigError)
    await expect(refused).rejects.toThrow(problem)
    await expect(refused).rejects.toThrow('Usage: npm run operate')
  })

  it('names the stage that is not there', async () => {
    const { run } = await open()
    await expect(run('--stage', 'prod', 'accounts')).rejects.toThrow('/w3bstream/prod/operator')
  })
})
