import * as z from 'zod'
import { deploymentDefaults as defaults } from './deploymentDefaults.ts'
import { InvalidConfigError } from './errors/InvalidConfigError.ts'
import { GPU_INSTANCE_RESERVED_GB, gpuInstances } from './gpuInstances.ts'
import type { Address } from './Hex.ts'

const MAX_PROBLEMS = 8

const address = z
  .string()
  .regex(/^0x[0-9a-fA-F]{40}$/, 'has to be 0x and 40 hex digits')
  .transform((text) => text.toLowerCase() as Address)
/** Amounts pass 2^53, which JSON numbers do not keep. */
const amount = (unit: string) =>
  z
    .union([z.int().min(0), z.string().regex(/^(?:0|[1-9][0-9]{0,77})$/)], `has to be ${unit} in digits`)
    .transform((value) => BigInt(value))
const count = z.int().min(1)
const allotment = (usual: { readonly perSecond: number; readonly burst: number }) =>
  z.strictObject({ perSecond: z.number().positive(), burst: z.number().positive() }).default(usual).readonly()

const chain = z
  .strictObject({
    chainId: amount('a chain id'),
    name: z.string().min(1).max(64).nullable().default(null),
    rpc: z
      .array(z.url({ protocol: /^(?:https?|wss?)$/, error: 'has to be an http(s) or ws(s) URL' }))
      .max(16)
      .default([])
      .readonly(),
    fromBlock: amount('a block').default(0n),
    adoptChainNonce: z.boolean().default(false),
    feeMode: z.enum(['eip1559', 'legacy']).nullable().default(null),
    finalityDepth: z.int().min(0).max(100_000).nullable().default(null),
    maxFeePerGas: amount('wei').nullable().default(null),
    contracts: z
      .strictObject({
        projectRegistrar: address,
        proverRegistrar: address,
        nodeRegistry: address,
        fleetManager: address,
        verifierRegistry: address,
        settlement: address,
        router: address.nullable().default(null),
        riscZeroVerifier: address.nullable().default(null),
        riscZeroRouter: address.nullable().default(null),
      })
      .readonly()
      .nullable()
      .default(null),
  })
  .readonly()

/** Memory in GB that Fargate has for each number of vCPUs: from, to, in steps of. Source: the task definition parameters of Amazon ECS. */
const FARGATE_MEMORY: Readonly<Record<string, readonly [number, number, number]>> = {
  0.25: [0.5, 2, 0.5],
  0.5: [1, 4, 1],
  1: [2, 8, 1],
  2: [4, 16, 1],
  4: [8, 30, 1],
  8: [16, 60, 4],
  16: [32, 120, 8],
}

const fargate = {
  vcpu: z.literal([0.25, 0.5, 1, 2, 4, 8, 16]),
  memoryGb: z.number(),
}
/** @returns whether Fargate has tasks of this size; 0.25 vCPU has no 1.5 GB */
const isFargateSize = ({ vcpu, memoryGb }: { vcpu: number; memoryGb: number }) => {
  const [from, to, step] = FARGATE_MEMORY[vcpu] ?? [1, 0, 1]
  return memoryGb >= from && memoryGb <= to && (memoryGb - from) % step === 0 && !(vcpu === 0.25 && memoryGb === 1.5)
}
const fargateSize = { error: 'is a size that Fargate does not have for these vCPUs', path: ['memoryGb'] }

const host = z
  .string()
  .regex(/^(?=.{4,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$/, 'has to be a host name')

const ingest = z
  .strictObject({
    at: z.enum(['cloudfront', 'direct', 'worker']).default('cloudfront'),
    direct: z.boolean().default(false),
    originSecretVersion: z.int().min(1).max(1_000_000).default(1),
    memoryMb: z.int().min(256).max(10_240).default(1_024),
    domain: z
      .strictObject({ name: host, certificateArn: z.string().startsWith('arn:').nullable().default(null) })
      .readonly()
      .nullable()
      .default(null),
    requestsPerAddress: z.int().min(10).max(2_000_000_000).nullable().default(null),
  })
  .refine(({ at, requestsPerAddress }) => at === 'cloudfront' || requestsPerAddress === null, {
    error: "needs at: 'cloudfront', where the firewall is",
    path: ['requestsPerAddress'],
  })
  .refine(({ at, domain }) => at !== 'direct' || domain === null, {
    error: "needs at: 'cloudfront' or 'worker': a function URL has no other host name",
    path: ['domain'],
  })
  .readonly()

const gpuProvers = z
  .strictObject({
    instanceTypes: z.array(z.string()).min(1).max(20).readonly(),
    max: z.int().min(1).max(100).default(2),
    onDemandFallback: z.boolean().default(true),
    vcpu: z.int().min(1).max(192).default(3),
    memoryGb: z.int().min(1).max(1_024).default(13),
    diskGb: z.int().min(50).max(2_000).default(100),
  })
  .check(({ value: { instanceTypes, vcpu, memoryGb }, issues }) => {
    for (const [i, type] of instanceTypes.entries()) {
      const instance = Object.hasOwn(gpuInstances, type) ? gpuInstances[type] : undefined
      const problem =
        instance === undefined
          ? `is no x86-64 instance type with exactly one GPU that is known: ${Object.keys(gpuInstances).join(', ')}`
          : instance.vcpu < vcpu || instance.memoryGb - GPU_INSTANCE_RESERVED_GB < memoryGb
            ? `has ${instance.vcpu} vCPUs and ${instance.memoryGb - GPU_INSTANCE_RESERVED_GB} GB for a task that takes ${vcpu} and ${memoryGb}`
            : null
      if (problem !== null)
        issues.push({ code: 'custom', input: type, path: ['instanceTypes', i], message: `${type} ${problem}` })
    }
  })
  .readonly()

const aws = z
  .strictObject({
    region: z
      .string()
      .regex(/^[a-z]{2}(?:-[a-z]+)+-[0-9]$/, 'has to be a region, such as eu-west-1')
      .default('us-east-1'),
    ingest: ingest.prefault({}),
    signer: z.enum(['kms', 'secret']).default('kms'),
    credentials: z.boolean().default(false),
    settlers: z.int().min(2).max(100).default(2),
    cpuProvers: z
      .strictObject({ max: z.int().min(1).max(500), ...fargate })
      .refine(isFargateSize, fargateSize)
      .readonly()
      .nullable()
      .prefault({ max: 4, vcpu: 2, memoryGb: 8 }),
    gpuProvers: gpuProvers.nullable().default(null),
    node: z
      .strictObject(fargate)
      .refine(isFargateSize, fargateSize)
      .readonly()
      .nullable()
      .prefault({ vcpu: 0.25, memoryGb: 0.5 }),
    alarmEmail: z.email().nullable().default(null),
    logDays: z.literal([1, 3, 5, 7, 14, 30, 60, 90, 180, 365]).default(14),
    logLevel: z.enum(['debug', 'info', 'warn', 'error']).default('warn'),
  })
  .readonly()

const runtimeAddress = z
  .string()
  .regex(
    /^(?:grpcs?:\/\/(?:\[[0-9a-fA-F:.]+\]|[^/?#@:[\]\s]+):[1-9][0-9]{0,4}|grpc\+unix:(?:\/\/)?\/\S+)$/,
    'has to be grpc://host:port, grpcs://host:port or grpc+unix:/path',
  )
const runtimes = z
  .strictObject({
    native: z.boolean().default(true),
    compressor: z
      .url({ protocol: /^https?$/, error: 'has to be an http(s) URL' })
      .nullable()
      .default(null),
    external: z
      .partialRecord(z.enum(['halo2', 'risc0', 'zkwasm', 'wasm']), runtimeAddress)
      .default({})
      .readonly(),
  })
  .readonly()

const schema = z
  .strictObject({
    chains: z
      .array(chain)
      .min(1)
      .max(32)
      .refine((chains) => new Set(chains.map(({ chainId }) => chainId)).size === chains.length, 'name a chain twice')
      .readonly(),
    quotas: z
      .strictObject({
        perAddress: allotment(defaults.quotas.perAddress),
        perProject: allotment(defaults.quotas.perProject),
        perDevice: allotment(defaults.quotas.perDevice),
        perToken: allotment(defaults.quotas.perToken),
      })
      .readonly()
      .prefault({}),
    limits: z
      .strictObject({
        maxMessageBytes: count.default(defaults.limits.maxMessageBytes),
        maxBatch: count.default(defaults.limits.maxBatch),
        maxProjectFileBytes: count.default(defaults.limits.maxProjectFileBytes),
        proveTimeoutMs: count.default(600_000),
        proveMemoryBytes: count.default(2 ** 30),
        maxTries: count.default(5),
      })
      .readonly()
      .prefault({}),
    spending: z
      .strictObject({
        maxGasPerTransaction: amount('gas').default(5_000_000n),
        maxWeiPerProjectPerDay: amount('wei').default(10n ** 18n),
        maxInFlight: count.default(16),
      })
      .readonly()
      .prefault({}),
    aggregation: z
      .strictObject({ maxAgeMs: count.nullable().default(null), maxBytes: count.default(16 * 2 ** 20) })
      .readonly()
      .prefault({}),
    runtimes: runtimes.prefault({}),
    ipfsGateway: z
      .url({ protocol: /^https$/, error: 'has to be an https URL' })
      .nullable()
      .default(null),
    traceRate: z.number().min(0).max(1).default(defaults.traceRate),
    aws: aws.prefault({}),
  })
  .readonly()

/**
 * What an operator decides for one deployment: its chains, and bounds on what others may use of it. No secrets: keys and tokens come from files, the
 * environment or a vault.
 *
 * - `chains`: at least one. `name`, `feeMode`, `finalityDepth` and `maxFeePerGas` (wei) are null where the preset of that chain id holds; `contracts` is
 *   null where they are still to be deployed, and none is on the chain before `fromBlock`. `adoptChainNonce`, to be set after a restore from a backup that is
 *   older than the chain: go on from the chain's nonce. `rpc` is empty where endpoints are a secret
 *   ({@link parseRpcUrls}). A project's `chainEndpoint` can only select one of these chains.
 * - `quotas`: messages a second, and at once, of one peer address, project, device, token.
 * - `limits`: bytes of a message and of a project file, messages of a batch, milliseconds and bytes of one proof, tries before a task fails.
 * - `spending`: gas of a transaction, wei a project may cost a day, transactions in flight an account.
 * - `aggregation`: when a task closes where its project does not say: milliseconds (null: never by age) and payload bytes.
 * - `runtimes`: what provers prove with beside the sandboxed WASM programs. `native`: RISC Zero and built-in Halo2 circuits by the native runtime that their image has;
 *   `compressor`: where Groth16 receipts are made, null: nowhere but in the image itself; `external`: somebody else's runtime for a kind of program, by the
 *   address of its gRPC server.
 * - `ipfsGateway`: a trustless gateway that project files are read from where their location is a CID; null: the public one.
 * - `traceRate`: the share of requests that is traced.
 * - `aws`: what a deployment on AWS is made of. `ingest.at`: CloudFront in front of a function URL, the URL alone, or an edge worker; `ingest.direct`: the
 *   function URL answers beside CloudFront; `originSecretVersion`: one more rotates the secret between them, while the former stays valid;
 *   `requestsPerAddress` within five minutes, at the firewall. `signer`: keys in KMS, or in secrets. `credentials`: whether devices' credentials are issued,
 *   with a key from a secret. `settlers`: settlements handled at once. `cpuProvers`, `gpuProvers`: `max` tasks, from zero, and what one task has; instance
 *   types ({@link gpuInstances}) have one GPU, which a task has to itself; null: none. `node`: null: none, the
 *   sequencer listens to the chains.
 */
export type DeploymentConfig = z.output<typeof schema>

/** How a {@link DeploymentConfig} is written: everything but the chains may be left out. */
export type DeploymentConfigInput = z.input<typeof schema>

/** One chain of a {@link DeploymentConfig}. */
export type ChainConfig = DeploymentConfig['chains'][number]

/**
 * Reads a deployment's configuration, as parsed from JSON; everything but the chains has a default. Amounts are digits in strings, or numbers.
 *
 * @throws {InvalidConfigError} naming each field that is wrong; one that is not known is wrong, since it is most likely misspelt
 */
export function parseDeploymentConfig(value: unknown): DeploymentConfig {
  const read = schema.safeParse(value)
  if (read.success) return read.data
  const problems = read.error.issues.map((issue) => `${issue.path.join('.') || 'it'}: ${issue.message}`)
  const more = problems.length - MAX_PROBLEMS
  throw new InvalidConfigError({
    problems: more > 0 ? [...problems.slice(0, MAX_PROBLEMS), `and ${more} more`] : problems,
  })
}
