import { parseArgs } from 'node:util'
import type { Clock, Scope, Signer } from '@w3bstream/core'
import { InvalidConfigError, projectId } from '@w3bstream/protocol'
import { type Aws, DynamoTokens, openState, SegmentWriter } from '@w3bstream/store-aws'
import * as z from 'zod'
import { readAgain } from './readAgain.ts'

const USAGE = `Usage: npm run operate -- --stage STAGE COMMAND
  accounts                                                      addresses of the deployment's keys
  token --label TEXT [--scope send|read|operate]… [--project ID]  makes an API token and prints its secret, once
  read-again --since TIME                                       puts messages into their log that no stream told of; TIME such as 2026-01-31T12:00:00Z`

const DAY_MS = 86_400_000
const scopes: readonly Scope[] = ['send', 'read', 'operate']

const deployment = z.object({
  messagesTable: z.string(),
  stateTable: z.string(),
  keys: z.object({ sequencer: z.string(), prover: z.string(), settler: z.string() }),
})

/** What an operator's tool works with. */
export interface OperatorModules {
  readonly aws: Aws
  readonly clock: Clock
  readonly readParameter: (name: string) => Promise<string>
  readonly openKey: (id: string) => Promise<Signer>
}

/**
 * Does one of an operator's jobs on a deployed stage, with the operator's own credentials.
 * @param args of the command line
 * @returns what to print
 * @throws {InvalidConfigError} arguments that are wrong, with the usage; a stage that is not deployed
 */
export async function operate(modules: OperatorModules, args: readonly string[]): Promise<string> {
  const { stage, command, ...options } = readArguments(args)
  const text = await modules.readParameter(`/w3bstream/${stage}/operator`)
  const found = deployment.parse(JSON.parse(text))
  if (command === 'accounts') return accounts(modules, found.keys)
  if (command === 'token') {
    const { table } = await openState(modules, { table: found.stateTable })
    const { token, secret } = await new DynamoTokens({ table }).create({
      label: options.label ?? refuse('--label is missing'),
      scopes: options.scope ?? scopes,
      projectId: options.project === undefined ? null : projectId(options.project),
      expiresAt: null,
      at: modules.clock.now(),
    })
    return `${secret}\nToken ${token.id}, ${token.scopes.join(', ')}. This is the only time that its secret is shown.`
  }
  const since = Date.parse(options.since ?? refuse('--since is missing'))
  if (Number.isNaN(since)) refuse('--since has to be a time such as 2026-01-31T12:00:00Z')
  if (modules.clock.now() - since > 30 * DAY_MS) refuse('--since lies more than 30 days back')
  const writer = new SegmentWriter(modules, { stateTable: found.stateTable })
  const { looked, added } = await readAgain({ aws: modules.aws, writer }, { table: found.messagesTable, since })
  return `${added} messages put into their logs; ${looked} items looked at.`
}

async function accounts({ openKey }: OperatorModules, keys: z.output<typeof deployment>['keys']): Promise<string> {
  const lines: string[] = []
  for (const [unit, id] of Object.entries(keys)) lines.push(`${unit.padEnd(10)} ${(await openKey(id)).address}`)
  return lines.join('\n')
}

function readArguments(args: readonly string[]) {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        stage: { type: 'string' },
        label: { type: 'string' },
        scope: { type: 'string', multiple: true },
        project: { type: 'string' },
        since: { type: 'string' },
      },
    })
    const [command, ...others] = positionals
    if (others.length > 0) refuse(`${others[0]} is one argument too many`)
    const { stage, scope, ...options } = values
    return {
      ...options,
      stage: stage ?? refuse('--stage is missing'),
      command:
        (['accounts', 'token', 'read-again'] as const).find((name) => name === command) ?? refuse('no such command'),
      scope: scope?.map((name) => scopes.find((one) => one === name) ?? refuse(`there is no scope ${name}`)),
    }
  } catch (error) {
    // What parseArgs says of an option that it does not know.
    if (error instanceof TypeError) return refuse(error.message)
    throw error
  }
}

function refuse(problem: string): never {
  throw new InvalidConfigError({ problems: [`${problem}\n${USAGE}`] })
}
