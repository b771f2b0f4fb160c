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
      adoptChainNonce: false,
      rpc: chain.rpc,
      name: null,
      feeMode: null,
      finalityDepth: null,
      maxFeePerGas: null,
      contracts: null,
      fromBlock: 0n,
    })
    expect(config.limits.maxMessageBytes).toBe(1_048_576)
    expect(config.quotas.perDevice).toEqual({ perSecond: 50, burst: 500 })
    expect(config.spending.maxWeiPerProjectPerDay).toBe(10n ** 18n)
    expect(config.aggregation).toEqual({ maxAgeMs: null, maxBytes: 16_777_216 })
    expect(config.runtimes).toEqual({ native: true, compressor: null, external: {} })
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
      runtimes: { external: { risc0: 'grpc://10.0.0.7:4001', zkwasm: 'grpc+unix:/run/zkwasm.sock' } },
    })
    expect(config.runtimes.external).toEqual({ risc0: 'grpc://10.0.0.7:4001', zkwasm: 'grpc+unix:/run/zkwasm.sock' })
    expect(config.chains[0]).toMatchObject({
      chainId: 2n ** 256n - 1n,
      feeMode: 'legacy',
      maxFeePerGas: 10n ** 21n,
      contracts: { settlement: `0x${'0'.repeat(38)}a5`, router: null, riscZeroVerifier: null, riscZeroRouter: null },
    })
    expect(config.quotas.perAddress).toEqual({ perSecond: 0.5, burst: 1 })
    expect(config.quotas.perProject.perSecond).toBe(1_000)
    expect(config.spending.maxGasPerTransaction).toBe(7n)
  })

  it.each([
    ['nothing', undefined, 'it: '],
    ['no chain', { chains: [] }, 'chains: '],
    ['a chain twice', { chains: [chain, chain] }, 'chains: name a chain twice'],
    ['too many endpoints', { chains: [{ ...chain, rpc: Array(17).fill(chain.rpc[0]) }] }, 'chains.0.rpc: '],
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
    ['a runtime of no kind', { chains: [chain], runtimes: { external: { risc1: 'grpc://a:1' } } }, 'runtimes.external'],
    [
      'a runtime without a port',
      { chains: [chain], runtimes: { external: { risc0: 'grpc://a' } } },
      'runtimes.external.risc0',
    ],
    ['a misspelt limit', { chains: [chain], limits: { maxMessageByte: 1 } }, 'maxMessageByte'],
    ['a region that cannot be', { chains: [chain], aws: { region: 'Frankfurt' } }, 'aws.region: has to be a region'],
    [
      'a task that Fargate does not have',
      { chains: [chain], aws: { cpuProvers: { max: 1, vcpu: 2, memoryGb: 20 } } },
      'aws.cpuProvers.memoryGb: is a size that Fargate',
    ],
    [
      'a firewall where there is none',
      { chains: [chain], aws: { ingest: { at: 'direct', requestsPerAddress: 100 } } },
      'aws.ingest.requestsPerAddress',
    ],
    [
      'a host name without a host',
      { chains: [chain], aws: { ingest: { at: 'direct', domain: { name: 'a.example.com' } } } },
      'aws.ingest.domain',
    ],
    [
      'a GPU pool of nothing',
      { chains: [chain], aws: { gpuProvers: { instanceTypes: [] } } },
      'aws.gpuProvers.instanceTypes',
    ],
    [
      'an instance with several GPUs',
      { chains: [chain], aws: { gpuProvers: { instanceTypes: ['g6.xlarge', 'g6.12xlarge'] } } },
      'aws.gpuProvers.instanceTypes.1: g6.12xlarge is no x86-64 instance type with exactly one GPU',
    ],
    [
      'an instance without a GPU',
      { chains: [chain], aws: { gpuProvers: { instanceTypes: ['m7i.xlarge'] } } },
      'aws.gpuProvers.instanceTypes.0: m7i.xlarge is no',
    ],
    [
      'an instance that is called like what every object has',
      { chains: [chain], aws: { gpuProvers: { instanceTypes: ['constructor'] } } },
      'aws.gpuProvers.instanceTypes.0: constructor is no',
    ],
    [
      'an instance with too little memory for a task',
      { chains: [chain], aws: { gpuProvers: { instanceTypes: ['g6.xlarge'], memoryGb: 15 } } },
      'has 4 vCPUs and 14 GB for a task that takes 3 and 15',
    ],
    [
      'an instance with too few processors for a task',
      { chains: [chain], aws: { gpuProvers: { instanceTypes: ['g6.xlarge'], vcpu: 5 } } },
      'has 4 vCPUs and 14 GB for a task that takes 5 and 13',
    ],
    ['a misspelt part of AWS', { chains: [chain], aws: { gpu: null } }, 'gpu'],
    ['a negative quota', { chains: [chain], quotas: { perToken: { perSecond: -1, burst: 1 } } }, 'quotas.perToken'],
  ])('names the field: %s', (_name, value, expected) => {
    expect(problem(value)).toContain(expected)
  })

  it('has a deployment that costs little where nothing is said of it', () => {
    expect(parseDeploymentConfig({ chains: [{ chainId: 1 }] }).aws).toMatchObject({
      region: 'us-east-1',
      ingest: { at: 'cloudfront', direct: false, originSecretVersion: 1, domain: null, requestsPerAddress: null },
      signer: 'kms',
      cpuProvers: { max: 4, vcpu: 2, memoryGb: 8 },
      gpuProvers: null,
      node: { vcpu: 0.25, memoryGb: 0.5 },
    })
  })

  it.each([
    [0.25, 0.5, true],
    [0.25, 1.5, false],
    [0.25, 2, true],
    [0.5, 0.5, false],
    [1, 8, true],
    [2, 16, true],
    [4, 31, false],
    [8, 20, true],
    [8, 21, false],
    [16, 120, true],
  ])('knows the sizes that Fargate has: %d vCPU with %d GB', (vcpu, memoryGb, there) => {
    const found = problem({ chains: [chain], aws: { node: { vcpu, memoryGb } } })
    expect(found === 'no problem').toBe(there)
  })

  it('does not show an endpoint, which may hold a key', () => {
    expect(problem({ chains: [{ ...chain, rpc: ['gopher://host/my-secret-key'] }] })).not.toContain('my-secret-key')
  })

  it('bounds the list of problems', () => {
    const many = { chains: Array.from({ length: 20 }, () => ({})) }
    expect(problem(many)).toMatch(/; and \d+ more\.$/)
  })
})
