import { address } from '@w3bstream/protocol'
import { describe, expect, it } from 'vitest'
import { chainPreset, chainPresets } from './chainPresets.ts'

describe('chainPresets', () => {
  it('knows IoTeX, which has no base fees, and anvil', () => {
    expect(chainPreset(4689n)).toMatchObject({ name: 'iotex', feeMode: 'legacy', historicalState: false })
    expect(chainPreset(4690n)).toMatchObject({ name: 'iotex-testnet', feeMode: 'legacy', historicalState: false })
    expect(chainPreset(31337n)).toMatchObject({ name: 'anvil', finalityDepth: 0 })
  })

  it('is careful with a chain that it does not know', () => {
    const preset = chainPreset(1n)
    expect(preset).toMatchObject({ chainId: 1n, feeMode: 'eip1559', rpc: [] })
    expect(preset.finalityDepth).toBeGreaterThanOrEqual(64)
  })

  it('writes addresses as they are compared, and reaches public endpoints by TLS', () => {
    for (const { knownContracts, rpc, chainId } of Object.values(chainPresets)) {
      for (const contract of Object.values(knownContracts)) expect(contract).toBe(address(contract))
      if (chainId !== 31337n) for (const url of rpc) expect(url).toMatch(/^https:/)
    }
  })
})
