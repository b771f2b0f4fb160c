import * as z from 'zod'
import { InvalidConfigError } from './errors/InvalidConfigError.ts'
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
const allotment = (perSecond: number, burst: number) =>
  z
    .strictObject({ perSecond: z.number().positive(), burst: z.number().positive() })
    .default({ perSecond, burst })
    .readonly()

const chain = z
  .strictObject({
    chainId: amount('a chain id'),
    name: z.string().min(1).max(64).nullable().default(null),
    rpc: z
      .array(z.url({ protocol: /^(?:https?|wss?)$/, error: 'has to be an http(s) or ws(s) URL' }))
      .min(1)
      .max(16)
      .readonly(),
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
      })
      .readonly()
      .nullable()
      .default(null),
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
        perAddress: allotment(500, 2_000),
        perProject: allotment(1_000, 10_000),
        perDevice: allotment(50, 500),
        perToken: allotment(1_000, 10_000),
      })
      .readonly()
      .prefault({}),
    limits: z
      .strictObject({
        maxMessageBytes: count.default(2 ** 20),
        maxBatch: count.default(1_000),
        maxProjectFileBytes: count.default(32 * 2 ** 20),
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
  })
  .readonly()

/**
 * What an operator decides for one deployment: its chains, and bounds on what others may use of it. No secrets: keys and tokens come from files, the
 * environment or a vault.
 *
 * - `chains`: at least one. `name`, `feeMode`, `finalityDepth` and `maxFeePerGas` (wei) are null where the preset of that chain id holds; `contracts` is
 *   null where they are still to be deployed. A project's `chainEndpoint` can only select one of these chains.
 * - `quotas`: messages a second, and at once, of one peer address, project, device, token.
 * - `limits`: bytes of a message and of a project file, messages of a batch, milliseconds and bytes of one proof, tries before a task fails.
 * - `spending`: gas of a transaction, wei a project may cost a day, transactions in flight an account.
 * - `aggregation`: when a task closes where its project does not say: milliseconds (null: never by age) and payload bytes.
 */
export type DeploymentConfig = z.output<typeof schema>

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
