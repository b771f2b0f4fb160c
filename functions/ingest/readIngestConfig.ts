import type { Allotment } from '@w3bstream/core'
import { type Address, type DeploymentConfig, deploymentDefaults, InvalidConfigError } from '@w3bstream/protocol'

/** What the entrance has to know of a deployment's configuration. */
export interface IngestConfig extends Pick<DeploymentConfig, 'quotas' | 'traceRate'> {
  readonly limits: Pick<DeploymentConfig['limits'], keyof typeof deploymentDefaults.limits>
  /** The chain and contract of the registry: of the first chain that names contracts. */
  readonly registry: { readonly chainId: bigint; readonly projectRegistrar: Address }
}

type Fields = Readonly<Record<string, unknown>>

/**
 * Reads it by hand, out of what `publicConfig` wrote: the deployment's own schema and its library would double the time of a cold start. What else is
 * in it was checked when it was written.
 * @throws {InvalidConfigError} naming what is wrong
 */
export function readIngestConfig(value: unknown): IngestConfig {
  const config = fields(value, 'it')
  const { quotas: usual, limits: bounds, traceRate } = deploymentDefaults
  const quotas = fields(config.quotas ?? {}, 'quotas')
  const limits = fields(config.limits ?? {}, 'limits')
  const allotment = (name: keyof typeof usual): Allotment => {
    const { perSecond, burst } = fields(quotas[name] ?? usual[name], `quotas.${name}`)
    return {
      perSecond: positive(perSecond, `quotas.${name}.perSecond`),
      burst: positive(burst, `quotas.${name}.burst`),
    }
  }
  const limit = (name: keyof typeof bounds): number => positive(limits[name] ?? bounds[name], `limits.${name}`)
  return {
    registry: registryOf(config.chains),
    quotas: {
      perAddress: allotment('perAddress'),
      perProject: allotment('perProject'),
      perDevice: allotment('perDevice'),
      perToken: allotment('perToken'),
    },
    limits: {
      maxMessageBytes: limit('maxMessageBytes'),
      maxBatch: limit('maxBatch'),
      maxProjectFileBytes: limit('maxProjectFileBytes'),
    },
    traceRate: share(config.traceRate ?? traceRate, 'traceRate'),
  }
}

function registryOf(chains: unknown): IngestConfig['registry'] {
  if (!Array.isArray(chains)) throw wrong('chains', 'has to be a list')
  for (const [i, chain] of chains.entries()) {
    const { chainId, contracts } = fields(chain, `chains.${i}`)
    if (contracts === undefined || contracts === null) continue
    const { projectRegistrar } = fields(contracts, `chains.${i}.contracts`)
    if (!/^(?:0|[1-9][0-9]{0,77})$/.test(String(chainId))) throw wrong(`chains.${i}.chainId`, 'has to be digits')
    if (typeof projectRegistrar !== 'string' || !/^0x[0-9a-f]{40}$/i.test(projectRegistrar))
      throw wrong(`chains.${i}.contracts.projectRegistrar`, 'has to be 0x and 40 hex digits')
    return { chainId: BigInt(String(chainId)), projectRegistrar: projectRegistrar.toLowerCase() as Address }
  }
  throw wrong('chains', 'none names contracts: deploy them with `w3b contracts deploy`')
}

function fields(value: unknown, name: string): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw wrong(name, 'has to be an object')
  return value as Fields
}

function positive(value: unknown, name: string): number {
  if (typeof value !== 'number' || !(value > 0)) throw wrong(name, 'has to be a positive number')
  return value
}

function share(value: unknown, name: string): number {
  if (typeof value !== 'number' || !(value >= 0 && value <= 1)) throw wrong(name, 'has to be from 0 to 1')
  return value
}

const wrong = (name: string, problem: string): InvalidConfigError =>
  new InvalidConfigError({ problems: [`${name}: ${problem}`] })
