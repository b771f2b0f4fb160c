import { defineConfig } from '@w3bstream/protocol'

/** Ingest at the edge, and provers of others. */
export default defineConfig({
  chains: [{ chainId: 4690 }],
  aws: { ingest: { at: 'worker' }, cpuProvers: null, node: null },
})
