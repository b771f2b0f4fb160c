/** What holds where a deployment's configuration does not say, of what the entrance needs to know: quotas (a second, and at once), bounds, traces. */
export const deploymentDefaults = {
  quotas: {
    perAddress: { perSecond: 500, burst: 2_000 },
    perProject: { perSecond: 1_000, burst: 10_000 },
    perDevice: { perSecond: 50, burst: 500 },
    perToken: { perSecond: 1_000, burst: 10_000 },
  },
  limits: { maxMessageBytes: 2 ** 20, maxBatch: 1_000, maxProjectFileBytes: 32 * 2 ** 20 },
  traceRate: 0.01,
} as const
