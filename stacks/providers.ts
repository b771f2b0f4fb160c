import configOf from '../w3b.config.ts'

/** The providers' versions, as the installed `sst` brings them. */
export const PROVIDER_VERSIONS = {
  aws: '7.20.0',
  random: '4.16.6',
  'docker-build': '0.0.14',
  cloudflare: '6.15.0',
} as const

/** The providers that a stage needs. */
export function providers(stage: string) {
  const { cloudflare, aws, ...rest } = PROVIDER_VERSIONS
  const config = configOf(stage).aws
  return {
    aws: { version: aws, region: config.region },
    ...rest,
    ...(config.ingest.at === 'worker' ? { cloudflare } : {}),
  }
}
