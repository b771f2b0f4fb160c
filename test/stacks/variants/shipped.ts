import configOf from '../../../w3b.config.ts'
import { placeholderContracts } from './placeholderContracts.ts'

/** `w3b.config.ts` with contracts that are nowhere, to look at what it makes before any are deployed. */
export default (stage: string): ReturnType<typeof configOf> => {
  const { chains, ...rest } = configOf(stage)
  return {
    ...rest,
    chains: chains.map((chain) => ({
      ...chain,
      contracts: { ...placeholderContracts, router: null, riscZeroVerifier: null, riscZeroRouter: null },
    })),
  }
}
