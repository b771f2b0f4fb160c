import type { Contracts, ProjectOwner } from '@w3bstream/chain'
import { OtherChainError } from '../errors/OtherChainError.ts'
import { UsageError } from '../errors/UsageError.ts'
import { deploymentFile, type OwnerOptions } from './chainOptions.ts'
import { withAccount } from './withAccount.ts'

/**
 * Runs `use` as a project's owner on the data directory's deployment.
 * @throws {UsageError} the directory has no deployment @throws {OtherChainError} and what `withAccount` throws
 */
export async function withOwner<T>(
  options: OwnerOptions,
  env: Readonly<Record<string, string | undefined>>,
  use: (owner: ProjectOwner, contracts: Contracts) => Promise<T>,
): Promise<T> {
  const { ProjectOwner, readDeployment } = await import('@w3bstream/chain')
  const file = deploymentFile(options)
  const deployment = readDeployment(file)
  if (deployment === null)
    throw new UsageError(
      `There is no ${file}.`,
      'Name a node’s data directory with --data-dir, or deploy with `w3b contracts deploy`.',
    )
  return withAccount(options, env, ({ chain, signer, endpoint }) => {
    if (chain.chainId !== deployment.chainId)
      throw new OtherChainError({ file, endpoint, deployment: deployment.chainId, chain: chain.chainId })
    return use(new ProjectOwner({ chain, signer }, deployment.contracts), deployment.contracts)
  })
}
