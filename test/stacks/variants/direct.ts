import { defineConfig } from '@w3bstream/protocol'
import { placeholderContracts } from './placeholderContracts.ts'

/** The least that a deployment is: a function URL and provers on CPUs. */
export default defineConfig({
  chains: [{ chainId: 31337, contracts: placeholderContracts }],
  aws: { ingest: { at: 'direct' }, cpuProvers: { max: 1, vcpu: 0.25, memoryGb: 0.5 }, node: null },
})
