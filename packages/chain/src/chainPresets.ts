import { type ChainPreset, LOCAL_CHAIN_ID } from './ChainPreset.ts'

const GWEI = 1_000_000_000n

/** Chains that are known by name. */
export const chainPresets = {
  anvil: {
    chainId: LOCAL_CHAIN_ID,
    name: 'anvil',
    feeMode: 'eip1559',
    finalityDepth: 0,
    maxFeePerGas: 500n * GWEI,
    blockTimeMs: 250,
    historicalState: true,
    logRange: 10_000,
    rpc: ['http://127.0.0.1:8545'],
    knownContracts: {},
  },
  /**
   * Endpoints: https://docs.iotex.io/blockchain/build/web3-development/rpc-endpoints. Blocks come every 2.5 s and are final by
   * themselves; one more is waited for, because endpoints differ in what they have seen. `eth_getTransactionCount` ignores its block:
   * api/web3server.go of github.com/iotexproject/iotex-core. No W3bstream contracts are documented here.
   */
  iotex: {
    chainId: 4689n,
    name: 'iotex',
    feeMode: 'legacy',
    finalityDepth: 1,
    maxFeePerGas: 5_000n * GWEI,
    blockTimeMs: 2_500,
    historicalState: false,
    logRange: 1_000,
    rpc: [
      'https://babel-api.mainnet.iotex.io',
      'https://babel-api.mainnet.iotex.one',
      'https://babel-api.fastblocks.io',
    ],
    knownContracts: {},
  },
  /** Contracts: README of github.com/iotexproject/w3bstream/smartcontracts v0.26.3. */
  iotexTestnet: {
    chainId: 4690n,
    name: 'iotex-testnet',
    feeMode: 'legacy',
    finalityDepth: 1,
    maxFeePerGas: 5_000n * GWEI,
    blockTimeMs: 2_500,
    historicalState: false,
    logRange: 1_000,
    rpc: ['https://babel-api.testnet.iotex.io', 'https://babel-api.testnet.iotex.one'],
    knownContracts: {
      project: '0x7d3158166e9298fc47bea036fe162fea17632e5d',
      projectRegistrar: '0xb564996622ce5610b9cf4ed35160f406185d7d0b',
      prover: '0x7edde171f0944252b5a2cce5ef0ed7e13310f67f',
      vmType: '0x2fb953ca5e7e693a8ce2c2e26dae33616980bc7b',
      debits: '0x862116bbbbd18af494a2680d5430c25a9c47ad0a',
      projectReward: '0x65ee0e96d0818ad43d93ae8089db5f0d658c0ccc',
      taskManager: '0xee96e984e6e746aabe4a5ef687ad8bb2aa98bdf3',
      router: '0x19dd7163ad80fe550c97affef49e1995b24941b1',
    },
  },
} as const satisfies Record<string, ChainPreset>

/** @returns the preset of a chain id; an unknown chain gets careful defaults: base fees, 64 blocks to finality, 100 gwei at most. */
export function chainPreset(chainId: bigint): ChainPreset {
  for (const preset of Object.values(chainPresets)) if (preset.chainId === chainId) return preset
  return {
    chainId,
    name: `chain-${chainId}`,
    feeMode: 'eip1559',
    finalityDepth: 64,
    maxFeePerGas: 100n * GWEI,
    blockTimeMs: 12_000,
    historicalState: true,
    logRange: 1_000,
    rpc: [],
    knownContracts: {},
  }
}
