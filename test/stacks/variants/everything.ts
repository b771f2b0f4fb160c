import { defineConfig } from '@w3bstream/protocol'
import { placeholderContracts } from './placeholderContracts.ts'

/** All that can be switched on, elsewhere than usual. */
export default defineConfig({
  chains: [
    { chainId: 4690, contracts: placeholderContracts },
    { chainId: 11155111, maxFeePerGas: '200000000000' },
  ],
  limits: { proveTimeoutMs: 1_200_000 },
  aws: {
    region: 'eu-west-1',
    ingest: {
      at: 'cloudfront',
      direct: true,
      originSecretVersion: 3,
      domain: { name: 'ingest.example.com' },
      requestsPerAddress: 2_000,
    },
    signer: 'secret',
    credentials: true,
    settlers: 5,
    cpuProvers: { max: 20, vcpu: 8, memoryGb: 32 },
    gpuProvers: { instanceTypes: ['g6.xlarge', 'g5.xlarge', 'g4dn.xlarge'], max: 4 },
    node: { vcpu: 0.5, memoryGb: 1 },
    alarmEmail: 'operator@example.com',
  },
})
