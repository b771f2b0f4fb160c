import { config, prefix, production } from './deployment.ts'
import type { Statement } from './roles.ts'
import { secretParameter } from './secrets.ts'

/** A key of one unit: what its environment names, and what its role may do. */
export interface UnitKey {
  readonly id: $util.Input<string>
  readonly statements: readonly Statement[]
}

function unitKey(name: 'Sequencer' | 'Prover' | 'Settler'): UnitKey {
  if (config.aws.signer === 'secret') {
    const parameter = secretParameter(`${name}Key`)
    return {
      id: $interpolate`ssm:${parameter.name}`,
      statements: [{ actions: ['ssm:GetParameter'], resources: [parameter.arn] }],
    }
  }
  const key = new aws.kms.Key(
    `${name}Key`,
    {
      description: `${prefix}: the ${name.toLowerCase()}'s account`,
      customerMasterKeySpec: 'ECC_SECG_P256K1',
      keyUsage: 'SIGN_VERIFY',
      deletionWindowInDays: production ? 30 : 7,
    },
    // An account whose key is gone is gone with what it owns.
    { retainOnDelete: production, protect: production },
  )
  new aws.kms.Alias(`${name}KeyAlias`, { name: `alias/${prefix}-${name.toLowerCase()}`, targetKeyId: key.keyId })
  return { id: key.arn, statements: [{ actions: ['kms:Sign', 'kms:GetPublicKey'], resources: [key.arn] }] }
}

/** Signs tasks and assignments. */
export const sequencerKey = unitKey('Sequencer')
/** Signs results. */
export const proverKey = unitKey('Prover')
/** Pays for settlements. */
export const settlerKey = unitKey('Settler')
