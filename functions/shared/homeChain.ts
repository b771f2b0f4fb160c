import { type ChainConfig, type DeploymentConfig, InvalidConfigError } from '@w3bstream/protocol'

/**
 * The chain of a deployment's registry, verifiers and router: the first that names contracts.
 * @throws {InvalidConfigError} none does
 */
export function homeChain({ chains }: Pick<DeploymentConfig, 'chains'>): {
  readonly chainId: bigint
  readonly contracts: NonNullable<ChainConfig['contracts']>
} {
  for (const { chainId, contracts } of chains) if (contracts !== null) return { chainId, contracts }
  throw new InvalidConfigError({
    problems: [
      'no chain names contracts: deploy them with `w3b contracts deploy` and put the addresses of its deployment.json into w3b.config.ts',
    ],
  })
}
