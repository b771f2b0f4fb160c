import { projectId } from '@w3bstream/protocol'
import type { Command } from 'commander'
import type { CommandContext } from '../CommandContext.ts'
import { UsageError } from '../errors/UsageError.ts'
import { answers } from '../node/answers.ts'
import { connect, type NodeOptions, withOperator } from '../node/nodeOptions.ts'
import { rows } from '../output/rows.ts'

interface Options extends NodeOptions {
  readonly label: string
  readonly scope: string
  readonly project?: string
  readonly expires?: string
}

const SCOPES = ['send', 'read', 'operate']
const DAY_MS = 86_400_000
const MAX_DAYS = 36_500

/** `w3b token create`: the secret is shown this once. */
export function createToken(parent: Command, context: CommandContext): void {
  withOperator(parent.command('create'))
    .description('make a token; its secret is shown this once')
    .requiredOption('--label <label>', 'what it is for')
    .requiredOption('--scope <scopes>', `what it may do, with commas between: ${SCOPES.join(', ')}`)
    .option('--project <id>', 'limit it to one project')
    .option('--expires <days>', 'days until it ends (default: never)')
    .action(async (options: Options) => {
      const scopes = options.scope.split(',').map((scope) => scope.trim())
      const unknown = scopes.find((scope) => !SCOPES.includes(scope))
      if (unknown !== undefined)
        throw new UsageError(`--scope: ${unknown || 'nothing'} is none of ${SCOPES.join(', ')}.`)
      const project = options.project === undefined ? {} : { projectId: projectId(options.project).toString() }
      const expires = options.expires === undefined ? {} : { expiresAt: inDays(options.expires) }
      const node = await connect(options, context.env, true)
      const token = await node.ask('/v1/tokens', answers.tokenWithSecret, {
        method: 'POST',
        json: { label: options.label, scopes, ...project, ...expires },
      })
      context.terminal.result(token, (colors) =>
        rows(colors, [
          ['token', token.id],
          ['label', token.label],
          ['scopes', token.scopes.join(', ')],
          ['project', token.projectId ?? 'all'],
          ['expires', token.expiresAt ?? 'never'],
          ['secret', token.secret],
          ['note', 'the secret is not shown again'],
        ]),
      )
    })
}

function inDays(text: string): string {
  const days = /^[0-9]+(?:\.[0-9]+)?$/.test(text) ? Number(text) : 0
  if (days <= 0 || days > MAX_DAYS) throw new UsageError(`--expires has to be days, more than 0 and up to ${MAX_DAYS}.`)
  return new Date(Date.now() + days * DAY_MS).toISOString()
}
