import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { SynthError, type SynthOptions, synthesise } from './synth/synthesise.ts'

const root = join(import.meta.dirname, '../..')
const folder = mkdtempSync(join(tmpdir(), 'w3b-refusals-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** `w3b.config.ts` as it comes, with contracts. */
const SHIPPED = 'test/stacks/variants/shipped.ts'

/** Runs a deploy that has to be refused. */
async function refusal(options: Omit<SynthOptions, 'bundle'>): Promise<SynthError> {
  try {
    await synthesise({ config: SHIPPED, ...options, bundle: false })
  } catch (error) {
    if (error instanceof SynthError) return error
    throw error
  }
  throw new Error('It was not refused.')
}

/** A configuration of its own, as a file. */
function config(source: string): string {
  const path = join(folder, `${source.length}.ts`)
  writeFileSync(
    path,
    `import { defineConfig } from '${root}/packages/protocol/src/index.ts'\nexport default ${source}\n`,
  )
  return relative(root, path)
}

const urls = JSON.stringify({ 4690: ['https://rpc.example/a-key-of-ours'] })

describe('before anything is created', () => {
  it.each(['dev', 'production'])('stage %s of a configuration that names no contracts is refused', async (stage) => {
    const { message, created } = await refusal({ stage, config: 'w3b.config.ts' })
    expect(message).toContain('no chain names contracts: deploy them with `w3b contracts deploy`')
    expect(message).toContain('into w3b.config.ts')
    expect(created).toBe(0)
  })

  it('an instance type that does not have one GPU, or too little room, is named', async () => {
    const types = "['g6.12xlarge', 'm7i.large', 'g6.xlarge', 'g6e.xlarge']"
    const path = config(
      `defineConfig({ chains: [{ chainId: 4690 }], aws: { gpuProvers: { instanceTypes: ${types}, memoryGb: 20 } } })`,
    )
    const { message, created } = await refusal({ stage: 'dev', config: path })
    expect(message).toContain('g6.12xlarge is no x86-64 instance type with exactly one GPU')
    expect(message).toContain('m7i.large is no')
    expect(message).toContain('g6.xlarge has 4 vCPUs and 14 GB for a task that takes 3 and 20')
    expect(message).not.toContain('g6e.xlarge has')
    expect(created).toBe(0)
  })

  it('a secret that is not set is named, with how to set it', async () => {
    const { message, created } = await refusal({ stage: 'dev', secrets: {} })
    expect(message).toContain('the secret RpcUrls is not set: sst secret set RpcUrls <value> --stage dev')
    expect(created).toBe(0)
  })

  it('so is each secret that only this configuration needs', async () => {
    const options = { stage: 'everything', config: 'test/stacks/variants/everything.ts' }
    const RpcUrls = JSON.stringify({ 4690: ['https://a.example'], 11155111: ['https://b.example'] })
    const { message, created } = await refusal({ ...options, secrets: { RpcUrls, CredentialKey: 'x' } })
    expect(message).toContain('the secret SequencerKey is not set')
    expect(created).toBe(0)
  })

  it('a chain without an endpoint is named, and no endpoint is shown', async () => {
    const { message, created } = await refusal({ stage: 'production', secrets: { RpcUrls: urls } })
    expect(message).toContain('chain 4689 has no endpoint')
    expect(message).not.toContain('a-key-of-ours')
    expect(created).toBe(0)
  })

  it('a field that is wrong is named', async () => {
    const path = config('defineConfig({ chains: [{ chainId: 4690 }], aws: { settlers: 0, nodes: 1 } as never })')
    const { message, created } = await refusal({ stage: 'dev', config: path, secrets: { RpcUrls: urls } })
    expect(message).toContain('aws.settlers')
    expect(message).toContain('nodes')
    expect(created).toBe(0)
  })

  it('a configuration too large for an environment is refused', async () => {
    const contracts = `Object.fromEntries(['projectRegistrar','proverRegistrar','nodeRegistry','fleetManager','verifierRegistry','settlement'].map((name) => [name, '0x' + '1'.repeat(40)])) as never`
    const path = config(
      `defineConfig({ chains: Array.from({ length: 9 }, (_, i) => ({ chainId: i + 1, contracts: ${contracts} })) })`,
    )
    const { message, created } = await refusal({ stage: 'dev', config: path })
    expect(message).toMatch(/takes \d+ bytes of at most 1900/)
    expect(created).toBe(0)
  })

  it('data of a newer format are left alone', async () => {
    const { message, created } = await refusal({ stage: 'dev', parameters: { '/w3bstream/dev/data/format': '2' } })
    expect(message).toContain('The data of stage dev have format 2, and this build knows formats up to 1')
    expect(created).toBe(0)
  })

  it('a stage whose name no unit could take is refused', async () => {
    const { message, created } = await refusal({ stage: 'Dev_1', secrets: { RpcUrls: urls } })
    expect(message).toContain('a stage is up to 32 small letters, digits and dashes')
    expect(created).toBe(0)
  })
})

describe('what is not refused', () => {
  it('is a deploy over data of the same format', async () => {
    const graph = await synthesise({
      stage: 'dev',
      config: SHIPPED,
      bundle: false,
      parameters: { '/w3bstream/dev/data/format': '1', '/w3bstream/production/data/format': '2' },
    })
    expect(graph.resources.length).toBeGreaterThan(50)
  })
})

describe('a graph', () => {
  it('has names of its own, also where those of two stages begin alike and a service takes only short ones', async () => {
    const ruleOf = async (stage: string) => {
      const { resources } = await synthesise({ stage, config: SHIPPED, bundle: false })
      return String(resources.find(({ type }) => type === 'aws:xray/samplingRule:SamplingRule')?.inputs.ruleName)
    }
    const [one, other] = [await ruleOf('of-the-team-in-the-north-1'), await ruleOf('of-the-team-in-the-north-2')]
    expect(one).toMatch(/^w3bstream-of-the-team-i[a-z-]*-[0-9a-f]{8}$/)
    expect(other).not.toBe(one)
  })

  it('is the same in two runs: nothing is deployed again that did not change', async () => {
    const run = () => synthesise({ stage: 'dev', config: SHIPPED, bundle: false })
    expect(await run()).toEqual(await run())
  })
})
