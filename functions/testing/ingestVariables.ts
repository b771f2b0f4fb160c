import { createHash } from 'node:crypto'
import type { HttpHostOptions } from '@w3bstream/http/suite'
import type { Domain } from '@w3bstream/protocol'
import type { TestDeployment } from '@w3bstream/store-aws/testing'

/** The secret that a test's distribution shows. */
export const ORIGIN_SECRET = 'hush, a test'

/** Whose typed data devices sign in tests. */
export const TEST_DOMAIN: Domain = {
  chainId: 31337n,
  verifyingContract: '0x00000000000000000000000000000000000000aa',
}

const UNLIMITED = { perSecond: 1e6, burst: 1e6 }
const CONTRACT = '0x00000000000000000000000000000000000000bb'

/** The variables of an ingest unit, as the stacks write them. */
export function ingestVariables(
  deployment: Pick<TestDeployment, 'env'>,
  options: HttpHostOptions = {},
): Record<string, string> {
  const { maxBatch, quotas = {}, streamMs } = options
  return {
    ...deployment.env,
    W3B_STAGE: 'test',
    W3B_CONFIG: JSON.stringify({
      chains: [
        {
          chainId: TEST_DOMAIN.chainId.toString(),
          contracts: {
            projectRegistrar: TEST_DOMAIN.verifyingContract,
            proverRegistrar: CONTRACT,
            nodeRegistry: CONTRACT,
            fleetManager: CONTRACT,
            verifierRegistry: CONTRACT,
            settlement: CONTRACT,
          },
        },
      ],
      quotas: { perAddress: UNLIMITED, perProject: UNLIMITED, perDevice: UNLIMITED, perToken: UNLIMITED, ...quotas },
      ...(maxBatch === undefined ? {} : { limits: { maxBatch } }),
    }),
    W3B_ORIGIN_SECRETS: createHash('sha256').update(ORIGIN_SECRET).digest('hex'),
    W3B_LOG_LEVEL: 'error',
    ...(streamMs === undefined ? {} : { W3B_STREAM_MS: String(streamMs) }),
  }
}
