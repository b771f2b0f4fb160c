import { describe, expect, it } from 'vitest'
import { parseDeploymentConfig } from './parseDeploymentConfig.ts'
import { publicConfig } from './publicConfig.ts'

const names = ['projectRegistrar', 'proverRegistrar', 'nodeRegistry', 'fleetManager', 'verifierRegistry', 'settlement']
const contracts = Object.fromEntries(names.map((name, i) => [name, `0x${`${i}`.repeat(40)}`]))
const chains = (count: number) =>
  Array.from({ length: count }, (_, i) => ({
    chainId: 4_690 + i,
    rpc: ['https://rpc.example/with-a-key'],
    fromBlock: 40_000_000,
    contracts,
  }))

describe('publicConfig', () => {
  it('is read back as it was, without endpoints and without what only AWS is told', () => {
    const config = parseDeploymentConfig({
      chains: chains(3),
      quotas: { perDevice: { perSecond: 7, burst: 8 } },
      spending: { maxWeiPerProjectPerDay: '123456789012345678901234567890' },
      ipfsGateway: 'https://ipfs.example',
      runtimes: { native: false, external: { risc0: 'grpc://10.0.0.7:4001' } },
      aws: { region: 'eu-west-1', alarmEmail: 'a@example.com' },
    })
    const json = publicConfig(config)
    expect(json).not.toContain('with-a-key')
    expect(json).not.toContain('example.com')
    expect(parseDeploymentConfig(JSON.parse(json))).toEqual({
      ...config,
      chains: config.chains.map((chain) => ({ ...chain, rpc: [] })),
      aws: parseDeploymentConfig({ chains: chains(1) }).aws,
    })
  })

  it('says nothing that is usual', () => {
    expect(publicConfig(parseDeploymentConfig({ chains: [{ chainId: 1 }], limits: { maxTries: 5 } }))).toBe(
      '{"chains":[{"chainId":"1"}]}',
    )
  })

  it('is refused where it would not fit into an environment', () => {
    expect(publicConfig(parseDeploymentConfig({ chains: chains(4) })).length).toBeLessThanOrEqual(1_900)
    expect(() => publicConfig(parseDeploymentConfig({ chains: chains(5) }))).toThrow(/bytes of at most 1900/)
  })
})
