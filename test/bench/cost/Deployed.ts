import { createHash, randomBytes } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { ProjectOwner } from '@w3bstream/chain'
import { type LocalNode, startLocal } from '@w3bstream/local'
import type { Address, ProjectId } from '@w3bstream/protocol'
import { type Aws, readAwsEnvironment, S3BlobStore } from '@w3bstream/store-aws'
import { fetchAws } from '@w3bstream/store-aws/fetch'
import { KmsSigner, sdkKms } from '@w3bstream/store-aws/sdk'
import {
  awsTestOptions,
  createBucket,
  createKmsKey,
  createQueues,
  createTables,
  type Emulator,
  putSecret,
  startDynamo,
  startFauxqs,
  startMoto,
} from '@w3bstream/store-aws/testing'
import { instantProject } from '../../support/instantProject.ts'
import { projectFile } from '../../support/projectFile.ts'
import { WireRecorder } from './WireRecorder.ts'

const QUEUES = ['pack', 'prove', 'settle', 'gaps'] as const
const UNITS = ['ingest', 'segments', 'sequencer', 'prover', 'settler', 'node'] as const
const KEYS = ['sequencer', 'prover', 'settler'] as const
const UNLIMITED = { perSecond: 1e9, burst: 1e9 }

export type UnitName = (typeof UNITS)[number]

/** Messages a task of the benchmark's project. */
export const TASK_MESSAGES = 100

/** A deployment on emulators of AWS and a local chain, as its units see it; what each asks of AWS is recorded. */
export interface Deployed {
  readonly projectId: ProjectId
  readonly domain: LocalNode['domain']
  readonly queues: Readonly<Record<(typeof QUEUES)[number], { readonly url: string; readonly deadLettersUrl: string }>>
  readonly messagesTable: string
  readonly recorders: Readonly<Record<UnitName, WireRecorder>>
  /** Goes around the recorders. */
  readonly direct: Aws
  /** A unit's environment. @param recorded false: straight to the emulators */
  variables(unit: UnitName, recorded?: boolean): Record<string, string>
  /** Mines blocks, so that what was settled becomes final. */
  mine(blocks: number): Promise<void>
  stop(): Promise<void>
}

/** Starts emulators, a chain with the contracts, and a project whose tasks are settled through the router. @param dir an empty directory */
export async function startDeployed(dir: string): Promise<Deployed> {
  const closers: (() => Promise<unknown> | unknown)[] = []
  const stop = async (): Promise<void> => {
    for (const close of closers.reverse()) await close()
  }
  try {
    const node = await startLocal({ port: 0, dataDir: made(join(dir, 'node')), logLevel: 'silent' })
    closers.push(() => node.close())
    const [dynamo, fauxqs, moto] = await Promise.all([startDynamo(), startFauxqs(), startMoto()])
    for (const emulator of [dynamo, fauxqs, moto]) closers.push(() => emulator.stop())
    const prefix = `cost-${randomBytes(4).toString('hex')}`
    const base = awsTestOptions({ dynamo: dynamo.url, fauxqs: fauxqs.url })
    const options = { ...base, endpoints: { ...base.endpoints, kms: moto.url, ssm: moto.url } }
    const tables = { messages: `${prefix}-messages`, state: `${prefix}-state` }
    const [queues] = await Promise.all([
      createQueues(options, prefix, QUEUES),
      createTables(options, tables),
      createBucket(options, prefix),
      putSecret(options, '/rpc', JSON.stringify({ [String(node.chain.chainId)]: [node.rpcUrl] })),
    ])
    const [sequencerKey, proverKey, settlerKey] = await Promise.all([
      createKmsKey(options),
      createKmsKey(options),
      createKmsKey(options),
    ])
    const keys = { sequencer: sequencerKey, prover: proverKey, settler: settlerKey }
    const addresses = await addressesOf(readAwsEnvironment(endpoints(dynamo, fauxqs, moto)), keys)
    const projectId = await registerProject(node, addresses.sequencer)
    const direct = fetchAws(options)
    await new S3BlobStore({ aws: direct }, { bucket: prefix }).put(PROJECT_FILE)
    await node.chain.request('anvil_setBalance', [addresses.settler, `0x${(10n ** 20n).toString(16)}`], () => null)

    const to = { dynamodb: dynamo.url, s3: fauxqs.url, sqs: fauxqs.url, kms: moto.url, ssm: moto.url }
    const recorders: Partial<Record<UnitName, WireRecorder>> = {}
    for (const unit of UNITS) {
      const recorder = await WireRecorder.start(to)
      recorders[unit] = recorder
      closers.push(() => recorder.stop())
    }
    const all = complete(recorders)
    const config = {
      chains: [{ chainId: String(node.chain.chainId), contracts: node.contracts }],
      quotas: { perAddress: UNLIMITED, perProject: UNLIMITED, perDevice: UNLIMITED, perToken: UNLIMITED },
    }
    const common: Record<string, string> = {
      W3B_STAGE: 'cost',
      W3B_CONFIG: JSON.stringify(config),
      W3B_TABLE_MESSAGES: tables.messages,
      W3B_TABLE_STATE: tables.state,
      W3B_BUCKET: prefix,
      W3B_RPC_PARAMETER: '/rpc',
      W3B_ORIGIN_SECRETS: createHash('sha256').update('origin').digest('hex'),
      W3B_DIRECT: 'on',
      // What a deployment writes by default.
      W3B_LOG_LEVEL: 'warn',
    }
    for (const name of QUEUES) {
      common[`W3B_QUEUE_${name.toUpperCase()}`] = queues[name].url
      common[`W3B_QUEUE_${name.toUpperCase()}_DLQ`] = queues[name].deadLettersUrl
    }
    for (const name of KEYS) common[`W3B_KEY_${name.toUpperCase()}`] = keys[name]
    return {
      projectId,
      domain: node.domain,
      queues,
      messagesTable: tables.messages,
      recorders: all,
      direct,
      variables: (unit, recorded = true) => ({
        ...common,
        ...(recorded ? allAt(all[unit].url) : endpoints(dynamo, fauxqs, moto)),
      }),
      async mine(blocks) {
        await node.chain.request('anvil_mine', [`0x${blocks.toString(16)}`], () => null)
      },
      stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}

const ACCOUNT = { AWS_REGION: 'us-east-1', AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' }

type At = Pick<Emulator, 'url'>

const endpoints = (dynamo: At, fauxqs: At, moto: At): Record<string, string> => ({
  ...ACCOUNT,
  AWS_ENDPOINT_URL_DYNAMODB: dynamo.url,
  AWS_ENDPOINT_URL_DYNAMODB_STREAMS: dynamo.url,
  AWS_ENDPOINT_URL_S3: fauxqs.url,
  AWS_ENDPOINT_URL_SQS: fauxqs.url,
  AWS_ENDPOINT_URL_KMS: moto.url,
  AWS_ENDPOINT_URL_SSM: moto.url,
})

const allAt = (url: string): Record<string, string> => endpoints({ url }, { url }, { url })

const SETTLED = {
  outputs: [{ type: 'settlement' }],
  inputs: { scheme: 'poseidon-bn254', capacity: TASK_MESSAGES, fields: [{ name: 't', scale: 0, min: 0, max: 9 }] },
  aggregation: { amount: TASK_MESSAGES },
}
const PROJECT_FILE = projectFile(SETTLED)

async function registerProject(node: LocalNode, sequencer: Address): Promise<ProjectId> {
  if (node.operator === null) throw new Error('the chain is not a local one')
  const { projectId } = await instantProject(node, SETTLED)
  await new ProjectOwner(node.operator, node.contracts).allowSequencer(projectId, sequencer)
  return projectId
}

async function addressesOf(
  options: ReturnType<typeof readAwsEnvironment>,
  keys: Record<(typeof KEYS)[number], string>,
): Promise<Record<(typeof KEYS)[number], Address>> {
  const kms = sdkKms(options)
  try {
    const of = async (id: string): Promise<Address> => (await KmsSigner.open({ kms }, id)).address
    return { sequencer: await of(keys.sequencer), prover: await of(keys.prover), settler: await of(keys.settler) }
  } finally {
    kms.close()
  }
}

function complete(some: Partial<Record<UnitName, WireRecorder>>): Record<UnitName, WireRecorder> {
  const { ingest, segments, sequencer, prover, settler, node } = some
  if (!ingest || !segments || !sequencer || !prover || !settler || !node) throw new Error('a unit has no recorder')
  return { ingest, segments, sequencer, prover, settler, node }
}

function made(dir: string): string {
  mkdirSync(dir, { recursive: true })
  return dir
}
