import { defineConfig } from '@w3bstream/protocol'

/** The least that a deployment is: a function URL and provers on CPUs. */
export default defineConfig({
  chains: [{ chainId: 31337 }],
  aws: { ingest: { at: 'direct' }, cpuProvers: { max: 1, vcpu: 0.25, memoryGb: 0.5 }, node: null },
})
