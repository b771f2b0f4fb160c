import { defineConfig } from '@w3bstream/protocol'

/** What this deployment is; every field is explained where `DeploymentConfig` is defined. Endpoints of chains are a secret: `sst secret set RpcUrls`. */
export default defineConfig((stage) => ({
  chains: [{ chainId: stage === 'production' ? 4689 : 4690 }],
  aws: {
    region: 'us-east-1',
    ingest: { at: 'cloudfront', direct: stage !== 'production' },
    cpuProvers: { max: stage === 'production' ? 8 : 2, vcpu: 2, memoryGb: 8 },
    gpuProvers: stage === 'production' ? { instanceTypes: ['g6.xlarge', 'g5.xlarge'], max: 2 } : null,
    node: stage === 'production' ? { vcpu: 0.25, memoryGb: 0.5 } : null,
    logDays: stage === 'production' ? 30 : 7,
  },
}))
