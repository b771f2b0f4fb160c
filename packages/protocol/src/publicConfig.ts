import { InvalidConfigError } from './errors/InvalidConfigError.ts'
import { type DeploymentConfig, parseDeploymentConfig } from './parseDeploymentConfig.ts'

/** What the sequencer is told beside it takes the rest of the 4 KB that Lambda has. */
const MAX_BYTES = 1_900
const OPTIONAL_CONTRACTS = { router: null, riscZeroVerifier: null, riscZeroRouter: null }

/**
 * What a deployed unit has to know of its deployment, as JSON for its environment, where 4 KB is all there is: no endpoint, nothing that has its default,
 * nothing that only concerns what AWS is to create. {@link parseDeploymentConfig} reads it back.
 *
 * @throws {InvalidConfigError} above 1,900 bytes
 */
export function publicConfig(config: DeploymentConfig): string {
  const { chains, aws: _aws, ...rest } = config
  const defaults = parseDeploymentConfig({ chains: [{ chainId: 0 }] })
  const chainDefaults = { ...defaults.chains[0], chainId: null }
  const json = JSON.stringify(
    {
      chains: chains.map(({ rpc: _rpc, contracts, ...chain }) => ({
        ...withoutDefaults(chain, chainDefaults),
        ...(contracts === null ? {} : { contracts: withoutDefaults(contracts, OPTIONAL_CONTRACTS) }),
      })),
      ...withoutDefaults(rest, defaults),
    },
    (_key, value: unknown) => (typeof value === 'bigint' ? value.toString() : value),
  )
  const bytes = new TextEncoder().encode(json).length
  if (bytes > MAX_BYTES)
    throw new InvalidConfigError({
      problems: [`what functions have to know of it takes ${bytes} bytes of at most ${MAX_BYTES}: name fewer chains`],
    })
  return json
}

/** The fields of a value that differ from the defaults' fields, objects in depth. */
function withoutDefaults(value: object, defaults: object): Record<string, unknown> {
  const usual = new Map<string, unknown>(Object.entries(defaults))
  const kept: Record<string, unknown> = {}
  for (const [key, own] of Object.entries(value)) {
    const other = usual.get(key)
    if (own === other) continue
    if (!isRecord(own) || !isRecord(other)) kept[key] = own
    else {
      const inner = withoutDefaults(own, other)
      if (Object.keys(inner).length > 0) kept[key] = inner
    }
  }
  return kept
}

const isRecord = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
