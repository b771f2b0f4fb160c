import type { DeploymentConfig } from '@w3bstream/protocol'

/** A secret that is set by `sst secret set`. */
export type SecretName = 'RpcUrls' | 'CredentialKey' | 'SequencerKey' | 'ProverKey' | 'SettlerKey'

/** The secrets that a deployment needs. */
export const secretNames = ({ aws }: DeploymentConfig): readonly SecretName[] => [
  'RpcUrls',
  ...(aws.credentials ? (['CredentialKey'] as const) : []),
  ...(aws.signer === 'secret' ? (['SequencerKey', 'ProverKey', 'SettlerKey'] as const) : []),
]
