import { defineConfig } from '@w3bstream/protocol'

// The contracts: put here what `npx w3b contracts deploy` wrote into its deployment.json (chainId, fromBlock, contracts). Without them nothing is deployed.
const mainnet = { chainId: 4689, contracts: null }
const testnet = { chainId: 4690, contracts: null }

/** What this deployment is; every field is explained where `DeploymentConfig` is defined. Endpoints of chains are a secret: `sst secret set RpcUrls`. */
export default defineConfig((stage) => ({
  chains: [stage === 'production' ? mainnet : testnet],
  aws: {
    region: 'us-east-1',
    ingest: { at: 'cloudfront', direct: stage !== 'production' },
    cpuProvers: { max: stage === 'production' ? 8 : 2, vcpu: 2, memoryGb: 8 },
    // From zero instances, for the runtimes that can use one.
    gpuProvers: stage === 'production' ? { instanceTypes: ['g6.xlarge', 'g5.xlarge'], max: 2 } : null,
    node: stage === 'production' ? { vcpu: 0.25, memoryGb: 0.5 } : null,
    logDays: stage === 'production' ? 30 : 7,
  },
}))
