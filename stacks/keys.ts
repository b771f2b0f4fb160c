import { config, prefix, production } from './deployment.ts'
import type { Statement } from './roles.ts'
import { secretParameter } from './secrets.ts'

/** A key of one unit: what its environment names, and what its role may do. */
export interface UnitKey {
  readonly id: $util.Input<string>
  /** To sign with it, and to know its address. */
  readonly sign: Statement
  /** To know its address alone; a key in a secret cannot be known in part. */
  readonly know: Statement
}

function unitKey(name: 'Sequencer' | 'Prover' | 'Settler'): UnitKey {
  if (config.aws.signer === 'secret') {
    const parameter = secretParameter(`${name}Key`)
    const read: Statement = { actions: ['ssm:GetParameter'], resources: [parameter.arn] }
    return { id: $interpolate`ssm:${parameter.name}`, sign: read, know: read }
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
  return {
    id: key.arn,
    sign: { actions: ['kms:Sign', 'kms:GetPublicKey'], resources: [key.arn] },
    know: { actions: ['kms:GetPublicKey'], resources: [key.arn] },
  }
}

/** Signs tasks and assignments. */
export const sequencerKey = unitKey('Sequencer')
/** Signs results. */
export const proverKey = unitKey('Prover')
/** Pays for settlements. */
export const settlerKey = unitKey('Settler')
