import { parseDeploymentConfig, publicConfig } from '@w3bstream/protocol'
import { describe, expect, it } from 'vitest'
import { homeChain } from '../shared/homeChain.ts'
import { readIngestConfig } from './readIngestConfig.ts'

const contract = (digit: string) => `0x${digit.repeat(40)}`
const contracts = {
  projectRegistrar: contract('A'),
  proverRegistrar: contract('1'),
  nodeRegistry: contract('2'),
  fleetManager: contract('3'),
  verifierRegistry: contract('4'),
  settlement: contract('5'),
}
const chains = [{ chainId: 1 }, { chainId: '4690', contracts }, { chainId: 4689, contracts }]

describe('readIngestConfig', () => {
  it.each([
    ['what is left out', { chains }],
    ['quotas', { chains, quotas: { perAddress: { perSecond: 0.5, burst: 3 }, perToken: { perSecond: 9, burst: 9 } } }],
    ['limits', { chains, limits: { maxBatch: 7, maxMessageBytes: 5, maxProjectFileBytes: 9, maxTries: 2 } }],
    ['traces', { chains, traceRate: 0 }],
  ])('reads %s as the schema of deployments does', (_, input) => {
    const config = parseDeploymentConfig(input)
    const { maxMessageBytes, maxBatch, maxProjectFileBytes } = config.limits
    const home = homeChain(config)
    expect(readIngestConfig(JSON.parse(publicConfig(config)))).toEqual({
      registry: { chainId: home.chainId, projectRegistrar: home.contracts.projectRegistrar },
      quotas: config.quotas,
      limits: { maxMessageBytes, maxBatch, maxProjectFileBytes },
      traceRate: config.traceRate,
    })
  })

  it.each([
    ['it', []],
    ['chains', {}],
    ['chains', { chains: [] }],
    ['chains', { chains: [{ chainId: 1 }] }],
    ['chains.0', { chains: [5] }],
    ['chains.0.chainId', { chains: [{ chainId: '0x1', contracts }] }],
    ['chains.0.contracts.projectRegistrar', { chains: [{ chainId: 1, contracts: {} }] }],
    ['quotas.perDevice.burst', { chains, quotas: { perDevice: { perSecond: 1, burst: 0 } } }],
    ['limits.maxBatch', { chains, limits: { maxBatch: '5' } }],
    ['traceRate', { chains, traceRate: 2 }],
  ])('names %s when it is wrong', (name, value) => {
    expect(() => readIngestConfig(value)).toThrow(`${name}:`)
  })
})
