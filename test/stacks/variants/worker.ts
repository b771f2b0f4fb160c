import { defineConfig } from '@w3bstream/protocol'
import { placeholderContracts } from './placeholderContracts.ts'

/** Ingest at the edge, and provers of others. */
export default defineConfig({
  chains: [{ chainId: 4690, contracts: placeholderContracts }],
  aws: { ingest: { at: 'worker' }, cpuProvers: null, node: null },
})
