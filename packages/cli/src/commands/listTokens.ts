import type { Command } from 'commander'
import type { CommandContext } from '../CommandContext.ts'
import { answers } from '../node/answers.ts'
import { connect, type NodeOptions, withOperator } from '../node/nodeOptions.ts'
import { rows } from '../output/rows.ts'

/** `w3b token list` */
export function listTokens(parent: Command, context: CommandContext): void {
  withOperator(parent.command('list'))
    .description('list the tokens, without their secrets')
    .action(async (options: NodeOptions) => {
      const { tokens } = await (await connect(options, context.env, true)).ask('/v1/tokens', answers.tokens)
      context.terminal.result({ tokens }, (colors) =>
        rows(
          colors,
          tokens.map((token) => {
            const limits = [
              token.scopes.join(', '),
              token.projectId === null ? 'all projects' : `project ${token.projectId}`,
              token.expiresAt === null ? 'does not expire' : `until ${token.expiresAt}`,
            ]
            return [token.id, `${token.label}: ${limits.join('; ')}`] as const
          }),
        ),
      )
    })
}
