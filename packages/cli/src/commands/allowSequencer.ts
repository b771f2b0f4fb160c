import { address, projectId } from '@w3bstream/protocol'
import type { Command } from 'commander'
import type { CommandContext } from '../CommandContext.ts'
import { type OwnerOptions, withDataDir, withOwnerKey, withRpc } from '../chain/chainOptions.ts'
import { withOwner } from '../chain/withOwner.ts'
import { withJson } from '../node/nodeOptions.ts'
import { rows } from '../output/rows.ts'

/** `w3b project allow-sequencer` */
export function allowSequencer(parent: Command, context: CommandContext): void {
  withJson(withOwnerKey(withDataDir(withRpc(parent.command('allow-sequencer')))))
    .description('let a node’s sequencer sign a project’s tasks')
    .argument('<id>', 'id of the project')
    .argument('<sequencer>', 'address of its account, as `w3b dev` prints it')
    .action(async (text: string, account: string, options: OwnerOptions) => {
      const id = projectId(text)
      const sequencer = address(account, 'sequencer')
      await withOwner(options, context.env, (owner) => owner.allowSequencer(id, sequencer))
      context.terminal.result({ projectId: String(id), sequencer }, (colors) =>
        rows(colors, [
          ['project', id],
          ['sequencer', sequencer],
        ]),
      )
    })
}
