import { InvalidConfigError, parseRpcUrls, publicConfig } from '@w3bstream/protocol'
import { homeChain } from '../functions/shared/homeChain.ts'
import configOf from '../w3b.config.ts'
import { refuseNewerData } from './dataFormat.ts'
import { type SecretName, secretNames } from './secretNames.ts'

/** The stage: `production` is kept and protected, any other goes without trace. */
export const stage = $app.stage
if (!/^[a-z0-9-]{1,32}$/.test(stage))
  throw new InvalidConfigError({ problems: ['a stage is up to 32 small letters, digits and dashes'] })

/** Whether data outlives the deployment. */
export const production = stage === 'production'

/** What `w3b.config.ts` says of the stage. */
export const config = configOf(stage)

/** The part of it that units are told, as JSON. */
export const configJson = publicConfig(config)

// No unit would start without it.
homeChain(config)

const secretValue = (name: SecretName): string => {
  // Where `sst` hands secrets over. `sst.Secret` itself is read only when other resources are already being created.
  const value = process.env[`SST_SECRET_${name}`]
  if (value === undefined || value === '')
    throw new InvalidConfigError({
      problems: [`the secret ${name} is not set: sst secret set ${name} <value> --stage ${stage}`],
    })
  return value
}

for (const name of secretNames(config)) secretValue(name)
parseRpcUrls(
  secretValue('RpcUrls'),
  config.chains.map(({ chainId }) => chainId),
)

await refuseNewerData(stage)

/** The beginning of the names of what belongs to this stage. */
export const prefix = `${$app.name}-${stage}`
