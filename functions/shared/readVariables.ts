import { InvalidConfigError } from '@w3bstream/protocol'

/** Variables by name: `process.env`, or an edge worker's bindings. */
export type Variables = Readonly<Record<string, unknown>>

/** A queue and the one that its poisoned hints go to, as URLs. */
export interface QueueUrls {
  readonly url: string
  readonly deadLetters: string
}

class Wrong extends Error {}

type Read<T> = (variables: Variables) => T

/** Stands for any value but the empty one: a variable that is set to nothing is not set. */
const text =
  (name: string): Read<string> =>
  (variables) => {
    const value = variables[name]
    if (value === undefined || value === '') throw new Wrong(`${name} is missing`)
    if (typeof value !== 'string') throw new Wrong(`${name} has to be text`)
    return value
  }

const optional =
  <T, const D>(name: string, read: (name: string) => Read<T>, absent: D): Read<T | D> =>
  (variables) =>
    variables[name] === undefined || variables[name] === '' ? absent : read(name)(variables)

const matching =
  (pattern: RegExp, form: string) =>
  (name: string): Read<string> =>
  (variables) => {
    const value = text(name)(variables)
    if (!pattern.test(value)) throw new Wrong(`${name} has to be ${form}`)
    return value
  }

const oneOf =
  <const T extends string>(...values: readonly T[]) =>
  (name: string): Read<T> =>
  (variables) => {
    const value = text(name)(variables)
    const found = values.find((one) => one === value)
    if (found === undefined) throw new Wrong(`${name} has to be ${values.join(', ')}`)
    return found
  }

const url = matching(/^https?:\/\/\S+$/, 'a URL')

const queue = (name: string): Read<QueueUrls> => {
  const [main, dead] = [url(name), url(`${name}_DLQ`)]
  return (variables) => {
    // Both names are told at once where both are missing.
    const read = [main, dead].map((one) => attempt(() => one(variables)))
    const wrong = read.flatMap((one) => (one instanceof Wrong ? [one.message] : []))
    if (wrong.length > 0) throw new Wrong(wrong.join('; '))
    return { url: main(variables), deadLetters: dead(variables) }
  }
}

const hashes =
  (name: string): Read<readonly string[]> =>
  (variables) => {
    const values = text(name)(variables).split(',')
    if (values.length > 4 || !values.every((value) => /^[0-9a-f]{64}$/.test(value)))
      throw new Wrong(`${name} has to be one to four SHA-256 hashes in hex, separated by commas`)
    return values
  }

const milliseconds =
  (max: number) =>
  (name: string): Read<number> =>
  (variables) => {
    const value = Number(text(name)(variables))
    if (!Number.isSafeInteger(value) || value < 1 || value > max)
      throw new Wrong(`${name} has to be a number of milliseconds up to ${max}`)
    return value
  }

const key = matching(/^(?:ssm:\S+|[\w:/-]+)$/, 'the id of a KMS key, or ssm:<name of a parameter>')

const FIELDS = {
  stage: matching(/^[a-z0-9-]{1,32}$/, 'up to 32 small letters, digits and dashes')('W3B_STAGE'),
  messagesTable: text('W3B_TABLE_MESSAGES'),
  stateTable: text('W3B_TABLE_STATE'),
  bucket: text('W3B_BUCKET'),
  packQueue: queue('W3B_QUEUE_PACK'),
  proveQueue: queue('W3B_QUEUE_PROVE'),
  proveGpuQueue: optional('W3B_QUEUE_PROVE_GPU', queue, null),
  settleQueue: queue('W3B_QUEUE_SETTLE'),
  gapsQueue: queue('W3B_QUEUE_GAPS'),
  sequencerKey: key('W3B_KEY_SEQUENCER'),
  proverKey: key('W3B_KEY_PROVER'),
  settlerKey: key('W3B_KEY_SETTLER'),
  /** SecureString with the chains' endpoints: `{"<chain id>": ["<url>", …]}`. */
  rpcParameter: text('W3B_RPC_PARAMETER'),
  credentialKeyParameter: optional('W3B_CREDENTIAL_KEY_PARAMETER', text, null),
  originSecrets: hashes('W3B_ORIGIN_SECRETS'),
  direct: optional('W3B_DIRECT', oneOf('on', 'off'), 'off'),
  streamMs: optional('W3B_STREAM_MS', milliseconds(60_000), 60_000),
  /** Changes with any secret, so that a unit which has read one is replaced. */
  secretsVersion: optional('W3B_SECRETS_VERSION', text, null),
  logLevel: optional('W3B_LOG_LEVEL', oneOf('error', 'warn', 'info', 'debug'), 'info'),
} as const satisfies Record<string, Read<unknown>>

type Field = keyof typeof FIELDS

const COMMON = ['stage', 'messagesTable', 'stateTable', 'bucket', 'logLevel', 'secretsVersion'] as const

const UNITS = {
  ingest: [...COMMON, 'credentialKeyParameter', 'originSecrets', 'direct', 'streamMs'],
  edge: [...COMMON, 'credentialKeyParameter', 'streamMs'],
  segments: [...COMMON, 'packQueue'],
  sequencer: [
    ...COMMON,
    'proveQueue',
    'proveGpuQueue',
    'settleQueue',
    'gapsQueue',
    'sequencerKey',
    // Follows what the settler sent, and names the prover in assignments.
    'settlerKey',
    'proverKey',
    'rpcParameter',
  ],
  prover: [...COMMON, 'proveQueue', 'proveGpuQueue', 'settleQueue', 'proverKey', 'rpcParameter'],
  settler: [...COMMON, 'settleQueue', 'settlerKey', 'rpcParameter'],
  node: [...COMMON, 'settleQueue', 'settlerKey', 'rpcParameter'],
} as const satisfies Record<string, readonly Field[]>

/** A deployed unit. */
export type Unit = keyof typeof UNITS

/** What a unit's environment says, the deployment's configuration among it. */
export type UnitVariables<U extends Unit, C> = {
  readonly [F in (typeof UNITS)[U][number]]: ReturnType<(typeof FIELDS)[F]>
} & { readonly config: C }

/**
 * Reads the settings of a deployed unit, which `stacks/` writes.
 * @param readConfig reads the configuration out of its JSON, throwing InvalidConfigError
 * @throws {InvalidConfigError} naming every variable that is missing or wrong, without its value
 */
export function readVariables<U extends Unit, C>(
  unit: U,
  variables: Variables,
  readConfig: (value: unknown) => C,
): UnitVariables<U, C> {
  const fields: readonly Field[] = UNITS[unit]
  const read = [
    ...fields.map((field) => [field, attempt(() => FIELDS[field](variables))] as const),
    ['config', attempt(() => config(variables, readConfig))] as const,
  ]
  const problems = read.flatMap(([, value]) => (value instanceof Wrong ? [value.message] : []))
  if (problems.length > 0) throw new InvalidConfigError({ problems })
  return Object.fromEntries(read) as UnitVariables<U, C>
}

function config<C>(variables: Variables, read: (value: unknown) => C): C {
  const name = 'W3B_CONFIG'
  const source = text(name)(variables)
  let value: unknown
  try {
    value = JSON.parse(source)
  } catch {
    // The parser's words quote what it read.
    throw new Wrong(`${name} has to be JSON`)
  }
  try {
    return read(value)
  } catch (error) {
    if (error instanceof InvalidConfigError) throw new Wrong(`${name}: ${error.message}`)
    throw error
  }
}

function attempt<T>(read: () => T): T | Wrong {
  try {
    return read()
  } catch (error) {
    if (error instanceof Wrong) return error
    throw error
  }
}
