import { describe, expect, it } from 'vitest'
import { InvalidConfigError } from './errors/InvalidConfigError.ts'
import { parseDeploymentConfig } from './parseDeploymentConfig.ts'

const chain = { chainId: 31337, rpc: ['http://127.0.0.1:8545'] }
const contracts = Object.fromEntries(
  ['projectRegistrar', 'proverRegistrar', 'nodeRegistry', 'fleetManager', 'verifierRegistry', 'settlement'].map(
    (name, i) => [name, `0x${'0'.repeat(38)}A${i}`],
  ),
)

function problem(value: unknown): string {
  try {
    parseDeploymentConfig(value)
  } catch (error) {
    if (error instanceof InvalidConfigError) return error.message
    throw error
  }
  return 'no problem'
}

describe('parseDeploymentConfig', () => {
  it('fills in everything but the chains', () => {
    const config = parseDeploymentConfig({ chains: [chain] })
    expect(config.chains[0]).toEqual({
      chainId: 31337n,
      rpc: chain.rpc,
      name: null,
      feeMode: null,
      finalityDepth: null,
      maxFeePerGas: null,
      contracts: null,
    })
    expect(config.limits.maxMessageBytes).toBe(1_048_576)
    expect(config.quotas.perDevice).toEqual({ perSecond: 50, burst: 500 })
    expect(config.spending.maxWeiPerProjectPerDay).toBe(10n ** 18n)
    expect(config.aggregation).toEqual({ maxAgeMs: null, maxBytes: 16_777_216 })
  })

  it('reads what is given', () => {
    const config = parseDeploymentConfig({
      chains: [
        {
          ...chain,
          chainId: '115792089237316195423570985008687907853269984665640564039457584007913129639935',
          feeMode: 'legacy',
          finalityDepth: 2,
          maxFeePerGas: '1000000000000000000000',
          contracts,
        },
        { ...chain, rpc: ['wss://a.example/ws', 'https://b.example'] },
      ],
      quotas: { perAddress: { perSecond: 0.5, burst: 1 } },
      spending: { maxGasPerTransaction: 7 },
    })
    expect(config.chains[0]).toMatchObject({
      chainId: 2n ** 256n - 1n,
      feeMode: 'legacy',
      maxFeePerGas: 10n ** 21n,
      contracts: { settlement: `0x${'0'.repeat(38)}a5`, router: null },
    })
    expect(config.quotas.perAddress).toEqual({ perSecond: 0.5, burst: 1 })
    expect(config.quotas.perProject.perSecond).toBe(1_000)
    expect(config.spending.maxGasPerTransaction).toBe(7n)
  })

  it.each([
    ['nothing', undefined, 'it: '],
    ['no chain', { chains: [] }, 'chains: '],
    ['a chain twice', { chains: [chain, chain] }, 'chains: name a chain twice'],
    ['no endpoint', { chains: [{ ...chain, rpc: [] }] }, 'chains.0.rpc: '],
    [
      'an endpoint of another kind',
      { chains: [{ ...chain, rpc: ['file:///x'] }] },
      'chains.0.rpc.0: has to be an http',
    ],
    ['a bad fee mode', { chains: [{ ...chain, feeMode: 'free' }] }, 'chains.0.feeMode: '],
    ['a fraction of wei', { chains: [{ ...chain, maxFeePerGas: 0.5 }] }, 'chains.0.maxFeePerGas: has to be wei'],
    [
      'a short address',
      { chains: [{ ...chain, contracts: { ...contracts, settlement: '0x1' } }] },
      'settlement: has to',
    ],
    ['a missing contract', { chains: [{ ...chain, contracts: {} }] }, 'contracts.projectRegistrar: '],
    ['a misspelt field', { chains: [chain], quota: {} }, 'quota'],
    ['a misspelt limit', { chains: [chain], limits: { maxMessageByte: 1 } }, 'maxMessageByte'],
    ['a negative quota', { chains: [chain], quotas: { perToken: { perSecond: -1, burst: 1 } } }, 'quotas.perToken'],
  ])('names the field: %s', (_name, value, expected) => {
    expect(problem(value)).toContain(expected)
  })

  it('does not show an endpoint, which may hold a key', () => {
    expect(problem({ chains: [{ ...chain, rpc: ['gopher://host/my-secret-key'] }] })).not.toContain('my-secret-key')
  })

  it('bounds the list of problems', () => {
    const many = { chains: Array.from({ length: 20 }, () => ({})) }
    expect(problem(many)).toMatch(/; and \d+ more\.$/)
  })
})
