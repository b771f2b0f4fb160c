/** Contracts that are nowhere: for graphs, which nobody deploys. */
export const placeholderContracts = {
  projectRegistrar: `0x${'a1'.repeat(20)}`,
  proverRegistrar: `0x${'a2'.repeat(20)}`,
  nodeRegistry: `0x${'a3'.repeat(20)}`,
  fleetManager: `0x${'a4'.repeat(20)}`,
  verifierRegistry: `0x${'a5'.repeat(20)}`,
  settlement: `0x${'a6'.repeat(20)}`,
} as const
