import { resolve } from 'node:path'
import type { Command } from 'commander'
import type { CommandContext } from '../CommandContext.ts'
import { deploymentFile, type OwnerOptions, withDataDir, withOwnerKey, withRpc } from '../chain/chainOptions.ts'
import { withAccount } from '../chain/withAccount.ts'
import { OtherChainError } from '../errors/OtherChainError.ts'
import { withJson } from '../node/nodeOptions.ts'
import { rows } from '../output/rows.ts'

/** `w3b contracts deploy` */
export function deployContracts(parent: Command, context: CommandContext): void {
  withJson(withOwnerKey(withDataDir(withRpc(parent.command('deploy')))))
    .description('deploy a deployment’s contracts, and remember them in <data-dir>/deployment.json')
    .action(async (options: OwnerOptions) => {
      const { terminal, env } = context
      const chain = await import('@w3bstream/chain')
      const { makeDataDir } = await import('@w3bstream/local/makeDataDir')
      const file = resolve(deploymentFile(options))
      const known = chain.readDeployment(file)
      const result = await withAccount(options, env, async (account) => {
        const { chainId } = account.chain
        if (known !== null && known.chainId !== chainId)
          throw new OtherChainError({ file, endpoint: account.endpoint, deployment: known.chainId, chain: chainId })
        makeDataDir(resolve(file, '..'))
        terminal.progress(`Deploying on chain ${chainId} from ${account.signer.address} …`)
        const deployment = await chain.deployContracts(account, file)
        return { ...deployment, endpoint: account.endpoint, deployer: account.signer.address, file }
      })
      terminal.result(result, (colors) =>
        rows(colors, [
          ['chain', `${result.chainId} at ${result.endpoint}`],
          ['deployer', result.deployer],
          ...Object.entries(result.contracts),
          ['from block', result.fromBlock],
          ['remembered', file],
        ]),
      )
    })
}
