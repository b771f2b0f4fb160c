import type { Command } from 'commander'
import type { CommandContext } from '../CommandContext.ts'
import { answers } from '../node/answers.ts'
import { connect, type NodeOptions, withOperator } from '../node/nodeOptions.ts'

/** `w3b token revoke` */
export function revokeToken(parent: Command, context: CommandContext): void {
  withOperator(parent.command('revoke'))
    .description('end a token, from now on')
    .argument('<id>', 'id of the token, as `w3b token list` shows it')
    .action(async (id: string, options: NodeOptions) => {
      const node = await connect(options, context.env, true)
      await node.ask(`/v1/tokens/${encodeURIComponent(id)}`, answers.nothing, { method: 'DELETE' })
      context.terminal.result({ id, revoked: true }, () => `Token ${id} is revoked.`)
    })
}
