import { address, projectId } from '@w3bstream/protocol'
import type { Command } from 'commander'
import type { CommandContext } from '../CommandContext.ts'
import { type OwnerOptions, withDataDir, withOwnerKey, withRpc } from '../chain/chainOptions.ts'
import { withOwner } from '../chain/withOwner.ts'
import { withJson } from '../node/nodeOptions.ts'
import { rows } from '../output/rows.ts'

/** `w3b project bind` */
export function bindDapp(parent: Command, context: CommandContext): void {
  withJson(withOwnerKey(withDataDir(withRpc(parent.command('bind')))))
    .description('make a contract the receiver of a project’s results')
    .argument('<id>', 'id of the project')
    .argument('<dapp>', 'address of the contract')
    .action(async (text: string, contract: string, options: OwnerOptions) => {
      const id = projectId(text)
      const dapp = address(contract, 'dapp')
      const router = await withOwner(options, context.env, async (owner, { settlement }) => {
        await owner.bindDapp(id, dapp)
        return settlement
      })
      context.terminal.result({ projectId: String(id), dapp, router }, (colors) =>
        rows(colors, [
          ['project', id],
          ['dApp', dapp],
          ['router', router],
        ]),
      )
    })
}
