/// <reference path="./.sst/platform/config.d.ts" />

export default $config({
  async app({ stage }) {
    const { providers } = await import('./stacks/providers.ts')
    return {
      name: 'w3bstream',
      home: 'aws',
      removal: stage === 'production' ? 'retain' : 'remove',
      protect: stage === 'production',
      providers: providers(stage),
    }
  },
  async run() {
    // First, and alone: nothing is created where the configuration, a secret or the data format is refused.
    const { config } = await import('./stacks/deployment.ts')
    await import('./stacks/storage.ts')
    await import('./stacks/queues.ts')
    await import('./stacks/keys.ts')
    const { endpoint } = await import('./stacks/ingest.ts')
    await import('./stacks/segments.ts')
    await import('./stacks/sequencer.ts')
    await import('./stacks/settler.ts')
    if (config.aws.cpuProvers !== null) await import('./stacks/cpuProvers.ts')
    if (config.aws.gpuProvers !== null) await import('./stacks/gpuProvers.ts')
    if (config.aws.node !== null) await import('./stacks/node.ts')
    await import('./stacks/operator.ts')
    const { dashboard } = await import('./stacks/observability.ts')
    return { endpoint, dashboard }
  },
})
