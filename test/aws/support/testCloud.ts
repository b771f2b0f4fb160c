import { createHash } from 'node:crypto'
import {
  ChainClient,
  chainPreset,
  type Deployment,
  deployContract,
  deployContracts,
  LocalSigner,
  ProjectOwner,
  transact,
} from '@w3bstream/chain'
import { weatherStatsAbi, weatherStatsBytecode } from '@w3bstream/contracts'
import { type Address, type Domain, hash, type ProjectId, toHex } from '@w3bstream/protocol'
import { S3BlobStore } from '@w3bstream/store-aws'
import { KmsSigner, sdkKms } from '@w3bstream/store-aws/sdk'
import {
  createKmsKey,
  putSecret,
  startMoto,
  type TestAws,
  type TestDeployment,
  testAws,
} from '@w3bstream/store-aws/testing'
import { encodeFunctionData } from 'viem'
import { afterAll, beforeAll } from 'vitest'
import { testAnvil } from '../../support/testAnvil.ts'
import type { TestProject } from './testProject.ts'

/** The first account of anvil's mnemonic: owns the projects. */
const OWNER = '0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80'
const ETHER = `0x${(10n ** 19n).toString(16)}`
/** What a test's distribution shows to the function behind it. */
export const ORIGIN_SECRET = 'hush, a test'

/** A deployment of everything but its units. */
export interface CloudDeployment extends TestDeployment {
  /** Of every unit, as the stacks write it. */
  readonly env: Readonly<Record<string, string>>
  readonly domain: Domain
  readonly projectId: ProjectId
  readonly dapp: Address
  readonly settler: Address
  readonly sequencer: Address
}

/** Emulators of AWS and a chain with the contracts, for one test file. */
export interface TestCloud {
  readonly aws: TestAws
  readonly rpc: string
  readonly chain: ChainClient
  readonly contracts: Deployment['contracts']
  make(
    project: TestProject,
    options?: {
      readonly config?: Readonly<Record<string, unknown>>
      readonly chain?: Readonly<Record<string, unknown>>
      /** Whether the accounts' keys are in KMS, and not in parameters. */
      readonly kms?: boolean
      readonly rpc?: string
    },
  ): Promise<CloudDeployment>
  /** How many results the router has. */
  settled(deployment: CloudDeployment): Promise<number>
}

/** Starts the emulators before the file's tests and stops them after. Its members are there once tests run. */
export function testCloud(options: { readonly dbPath?: string } = {}): TestCloud {
  // Lines of metrics are for CloudWatch.
  process.env.POWERTOOLS_METRICS_DISABLED = 'true'
  const aws = testAws(options)
  let started: Awaited<ReturnType<typeof start>> | undefined
  const there = () => {
    if (started === undefined) throw new Error('the cloud is there while tests run')
    return started
  }
  beforeAll(async () => {
    started = await start()
  }, 120_000)
  afterAll(() => started?.stop())
  return {
    aws,
    get rpc() {
      return there().rpc
    },
    get chain() {
      return there().chain
    },
    get contracts() {
      return there().deployment.contracts
    },
    make: (project, more = {}) => make(aws, there(), project, more),
    settled: ({ dapp }) => taskCount(there().chain, dapp),
  }
}

async function start() {
  const [anvil, moto] = await Promise.all([testAnvil(), startMoto()])
  const chain = new ChainClient({ preset: chainPreset(31337n), rpc: [anvil.url] })
  const operator = { chain, signer: LocalSigner.fromHex(OWNER) }
  const deployment = await deployContracts(operator)
  return {
    rpc: anvil.url,
    moto,
    chain,
    operator,
    deployment,
    async stop() {
      chain.close()
      await Promise.all([anvil.stop(), moto.stop()])
    },
  }
}

async function make(
  aws: TestAws,
  { rpc, moto, chain, operator, deployment: { contracts, fromBlock } }: Awaited<ReturnType<typeof start>>,
  project: TestProject,
  more: NonNullable<Parameters<TestCloud['make']>[1]>,
): Promise<CloudDeployment> {
  const made = await aws.make()
  const options = { ...aws.options, endpoints: { ...aws.options.endpoints, kms: moto.url, ssm: moto.url } }
  const keys = await Promise.all(
    ['sequencer', 'prover', 'settler'].map((name) =>
      more.kms === true ? kmsKey(options) : secretKey(options, `/${made.bucket}/${name}`),
    ),
  )
  const [sequencer, prover, settler] = keys
  if (sequencer === undefined || prover === undefined || settler === undefined) throw new Error('a key is missing')
  await chain.request('anvil_setBalance', [settler.address, ETHER], () => null)
  const rpcParameter = `/${made.bucket}/rpc`
  await putSecret(options, rpcParameter, JSON.stringify({ 31337: [more.rpc ?? rpc] }))
  const { projectId, dapp } = await register(aws, made, operator, contracts, project, sequencer.address)
  const config = {
    chains: [
      {
        chainId: '31337',
        contracts: { ...contracts },
        fromBlock: String(fromBlock),
        ...more.chain,
      },
    ],
    ...more.config,
  }
  return {
    ...made,
    projectId,
    dapp,
    domain: { chainId: 31337n, verifyingContract: contracts.projectRegistrar },
    settler: settler.address,
    sequencer: sequencer.address,
    env: {
      ...made.env,
      AWS_ENDPOINT_URL_KMS: moto.url,
      AWS_ENDPOINT_URL_SSM: moto.url,
      W3B_STAGE: 'test',
      W3B_CONFIG: JSON.stringify(config),
      W3B_KEY_SEQUENCER: sequencer.id,
      W3B_KEY_PROVER: prover.id,
      W3B_KEY_SETTLER: settler.id,
      W3B_RPC_PARAMETER: rpcParameter,
      W3B_ORIGIN_SECRETS: createHash('sha256').update(ORIGIN_SECRET).digest('hex'),
      W3B_LOG_LEVEL: 'error',
    },
  }
}

type Options = Parameters<typeof putSecret>[0]

async function kmsKey(options: Options): Promise<{ readonly id: string; readonly address: Address }> {
  const id = await createKmsKey(options)
  const kms = sdkKms(options)
  const { address } = await KmsSigner.open({ kms }, id)
  kms.close()
  return { id, address }
}

async function secretKey(options: Options, name: string): Promise<{ readonly id: string; readonly address: Address }> {
  const key = toHex(createHash('sha256').update(name).update(String(Math.random())).digest())
  await putSecret(options, name, key)
  return { id: `ssm:${name}`, address: LocalSigner.fromHex(key).address }
}

/** Puts a project on the chain and its files where units look first. */
async function register(
  aws: TestAws,
  { bucket }: TestDeployment,
  operator: { readonly chain: ChainClient; readonly signer: LocalSigner },
  contracts: Deployment['contracts'],
  { file, files, version, verifier }: TestProject,
  sequencer: Address,
): Promise<{ readonly projectId: ProjectId; readonly dapp: Address }> {
  const blobs = new S3BlobStore({ aws: aws.direct }, { bucket })
  for (const bytes of [file, ...files]) await blobs.put(bytes)
  const configHash = hash(toHex(createHash('sha256').update(file).digest()))
  const owner = new ProjectOwner(operator, contracts)
  const projectId = await owner.createProject(`https://files.example/${configHash}`, configHash)
  await owner.allowSequencer(projectId, sequencer)
  const { bytecode, ...shape } = verifier
  const address = await deployContract(operator, 'a verifier', { abi: [], bytecode })
  const key = await owner.registerVerifier({
    id: projectId,
    configHash,
    version,
    verifier: { verifier: address, ...shape, inputBound: true },
  })
  const dapp = await deployContract(operator, 'WeatherStats', {
    abi: weatherStatsAbi,
    bytecode: weatherStatsBytecode,
    args: [contracts.settlement, projectId],
  })
  const data = encodeFunctionData({ abi: weatherStatsAbi, functionName: 'allowVerifier', args: [key] })
  await transact(operator, 'Trusting the verifier', { to: dapp, data })
  await owner.bindDapp(projectId, dapp)
  return { projectId, dapp }
}

async function taskCount(chain: ChainClient, dapp: Address): Promise<number> {
  const data = encodeFunctionData({ abi: weatherStatsAbi, functionName: 'taskCount' })
  return Number(BigInt(await chain.call({ to: dapp, data })))
}
