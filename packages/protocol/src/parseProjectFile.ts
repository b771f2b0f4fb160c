import { sha256 } from '@noble/hashes/sha2.js'
import { InvalidProjectFileError } from './errors/InvalidProjectFileError.ts'
import { parseExactJson } from './exactJson.ts'
import { type Address, toHex } from './Hex.ts'
import type { Hash } from './ids.ts'
import type { InputField, InputScheme, Output, ProjectConfig, ProjectVersion, VmType } from './Project.ts'

const VM_TYPES = ['halo2', 'risc0', 'zkwasm', 'wasm'] as const
const VM_TYPE_IDS: Readonly<Record<number, VmType>> = { 1: 'risc0', 2: 'halo2', 3: 'zkwasm', 4: 'wasm' }
const MAX_FILE_BYTES = 32 * 1024 * 1024
const MAX_VERSIONS = 1_000

/**
 * Reads a project file of either shape: an array with one entry a version, the first being the default, or an object
 * `{defaultVersion, versions}`. Names of fields are matched without regard to case, and `null` means absent, as in the Go programs that wrote
 * such files; fields that are not known here are kept in `unknown`.
 *
 * A version object may have:
 *
 * | field | value |
 * |---|---|
 * | `version` | string |
 * | `vmType` or `vmTypeID` | `halo2`, `risc0`, `zkwasm`, `wasm`, or 1 risc0, 2 halo2, 3 zkwasm, 4 wasm |
 * | `code` | hex(zlib(program)) |
 * | `codeExpParam` | string, optional |
 * | `output` | `{type, ethereum?, solana?, textile?}`, optional: `stdout` |
 * | `outputs` | an array of those instead; the type `settlement` is this deployment's router, and may have `settlement: {contractAbiJSON}`, the dApp's ABI, to decode its errors. One at most beside `stdout`. An `output` beside it is for other readers |
 * | `aggregation` | `{amount, maxAgeMs, maxBytes}`: a task closes at so many messages (0 is 1), milliseconds or payload bytes, and at 16 MiB whatever is asked for |
 * | `resourceRequest` | `{proverAmount}` |
 * | `inputs` | `{scheme: "none" \| "sha256"}` or `{scheme: "poseidon-bn254", capacity, fields: [{name, scale, min, max}]}`, `min` and `max` being integers or strings of decimal digits |
 * | `provingKey` | `{uri, hash}` |
 * | `verifier` | `{address}`: the verifier contract that the owner registers for this version; a prover takes no other |
 * | `limits` | `{timeoutMs, memoryBytes}` |
 * | `retentionDays` | integer |
 * | `devices` | `{unsigned: "accept" \| "reject", legacyReplay: "accept" \| "reject"}` |
 *
 * @param bytes the file as published: UTF-8 JSON
 * @param options.maxBytes largest file that is read; default 32 MiB
 * @throws {InvalidProjectFileError} naming the entry and the field
 */
export function parseProjectFile(bytes: Uint8Array, options: { readonly maxBytes?: number } = {}): ProjectConfig {
  const maxBytes = options.maxBytes ?? MAX_FILE_BYTES
  if (bytes.length > maxBytes)
    throw new InvalidProjectFileError({
      field: '',
      problem: `has ${bytes.length} bytes, over the bound of ${maxBytes}`,
    })
  const hash = toHex(sha256(bytes)) as Hash
  const file = decode(bytes)
  if (Array.isArray(file)) {
    const versions = readVersions(file, '')
    return { hash, defaultVersion: versions[0].version, versions }
  }
  if (!isObject(file))
    throw new InvalidProjectFileError({ field: '', problem: 'has to be a JSON array or object', hint: SHAPES })
  const fields = new Fields(file, '')
  const list = fields.take('versions')
  if (!Array.isArray(list)) throw fields.problem('versions', 'has to be an array', SHAPES)
  const versions = readVersions(list, 'versions')
  const defaultVersion = fields.string('defaultVersion')
  if (defaultVersion === null)
    throw fields.problem('defaultVersion', 'is missing', `Name one of: ${versions.map((v) => v.version).join(', ')}.`)
  if (!versions.some((version) => version.version === defaultVersion))
    throw fields.problem(
      'defaultVersion',
      `names ${JSON.stringify(defaultVersion)}, which is not in the file`,
      `Name one of: ${versions.map((v) => v.version).join(', ')}.`,
    )
  const unknown = fields.rest()
  return { hash, defaultVersion, versions, ...(Object.keys(unknown).length === 0 ? {} : { unknown }) }
}

const SHAPES = 'A project file is [{"version", "vmType", "code", …}] or {"defaultVersion", "versions": [{…}]}.'

function decode(bytes: Uint8Array): unknown {
  try {
    return parseExactJson(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch (cause) {
    throw new InvalidProjectFileError({ field: '', problem: 'is not JSON in UTF-8', hint: SHAPES, cause })
  }
}

function readVersions(list: readonly unknown[], at: string): [ProjectVersion, ...ProjectVersion[]] {
  const bad = (field: string, problem: string) => new InvalidProjectFileError({ field, problem, hint: SHAPES })
  if (list.length > MAX_VERSIONS) throw bad(at, `has ${list.length} versions, over the bound of ${MAX_VERSIONS}`)
  const versions = list.map((entry, index) => {
    if (!isObject(entry)) throw bad(`${at}[${index}]`, 'has to be an object')
    return readVersion(new Fields(entry, `${at}[${index}]`))
  })
  const seen = new Set<string>()
  for (const [index, { version }] of versions.entries()) {
    if (seen.has(version)) throw bad(`${at}[${index}].version`, `repeats ${JSON.stringify(version)}`)
    seen.add(version)
  }
  const [first, ...others] = versions
  if (first === undefined) throw bad(at, 'has no version')
  return [first, ...others]
}

function readVersion(fields: Fields): ProjectVersion {
  const version = fields.required('version')
  if (version.length > 128) throw fields.problem('version', 'has more than 128 characters')
  const vmType = readVmType(fields)
  const code = fields.required('code')
  const aggregation = fields.object('aggregation')
  const amount = aggregation?.integer('amount', 0, 100_000) || 1
  const limits = fields.object('limits')
  const devices = fields.object('devices')
  const provingKey = fields.object('provingKey')
  const verifier = fields.object('verifier')?.address('address', true)
  return {
    version,
    vmType,
    code,
    codeExpParam: fields.string('codeExpParam') || null,
    outputs: readOutputs(fields),
    aggregation: {
      amount,
      maxAgeMs: aggregation?.integer('maxAgeMs', 1, Number.MAX_SAFE_INTEGER) ?? null,
      maxBytes: aggregation?.integer('maxBytes', 1, Number.MAX_SAFE_INTEGER) ?? null,
    },
    proverAmount: fields.object('resourceRequest')?.integer('proverAmount', 0, 65_535) || 1,
    inputs: readInputs(fields, amount),
    provingKey: provingKey && { uri: provingKey.required('uri'), hash: provingKey.hash('hash') },
    ...(verifier == null ? {} : { verifier: { address: verifier } }),
    limits: {
      timeoutMs: limits?.integer('timeoutMs', 1, Number.MAX_SAFE_INTEGER) ?? null,
      memoryBytes: limits?.integer('memoryBytes', 1, Number.MAX_SAFE_INTEGER) ?? null,
    },
    retentionDays: fields.integer('retentionDays', 1, 100_000),
    devices: {
      unsigned: devices?.oneOf('unsigned', ['accept', 'reject']) ?? 'accept',
      legacyReplay: devices?.oneOf('legacyReplay', ['accept', 'reject']) ?? 'accept',
    },
    unknown: fields.rest(),
  }
}

function readVmType(fields: Fields): VmType {
  const read = (field: string): VmType | null => {
    const value = fields.take(field)
    if (value === null) return null
    const known = typeof value === 'number' ? VM_TYPE_IDS[value] : VM_TYPES.find((name) => name === value)
    if (known === undefined)
      throw fields.problem(
        field,
        `${JSON.stringify(String(value))} is not a runtime`,
        'Use halo2, risc0, zkwasm or wasm, or 1 for risc0, 2 halo2, 3 zkwasm, 4 wasm.',
      )
    return known
  }
  const [byName, byId] = [read('vmType'), read('vmTypeID')]
  if (byName !== null && byId !== null && byName !== byId)
    throw fields.problem('vmTypeID', `means ${byId}, but vmType means ${byName}`)
  const vmType = byName ?? byId
  if (vmType === null) throw fields.problem('vmType', 'is missing')
  return vmType
}

function readOutputs(fields: Fields): Output[] {
  const list = fields.take('outputs')
  if (list === null) {
    const one = fields.object('output')
    return [one === null ? { type: 'stdout' } : readOutput(one)]
  }
  if (!Array.isArray(list) || list.length === 0 || list.length > 16)
    throw fields.problem('outputs', 'has to be an array of 1 to 16 outputs')
  const outputs = list.map((entry: unknown, index) => {
    if (!isObject(entry)) throw fields.problem(`outputs[${index}]`, 'has to be an object')
    return readOutput(new Fields(entry, `${fields.at}.outputs[${index}]`))
  })
  if (outputs.filter(({ type }) => type !== 'stdout').length > 1)
    throw fields.problem(
      'outputs',
      'has more than one output beside stdout',
      'A task ends in one place: register two projects for two.',
    )
  return outputs
}

function abiJson(section: Fields): string {
  const text = section.required('contractAbiJSON')
  if (!isJsonArray(text)) throw section.problem('contractAbiJSON', 'has to be the text of a JSON array')
  return text
}

function readOutput(output: Fields): Output {
  const section = (name: string): Fields => {
    const found = output.object(name)
    if (found === null) throw output.problem(name, 'is missing')
    return found
  }
  const type =
    output.oneOf('type', ['', 'stdout', 'settlement', 'ethereumContract', 'solanaProgram', 'textile']) || 'stdout'
  switch (type) {
    case 'stdout':
      return { type }
    case 'settlement': {
      const settlement = output.object('settlement')
      return settlement === null ? { type } : { type, contractAbiJSON: abiJson(settlement) }
    }
    case 'ethereumContract': {
      const ethereum = section('ethereum')
      return {
        type,
        chainEndpoint: ethereum.required('chainEndpoint'),
        contractAddress: ethereum.address('contractAddress', true),
        receiverAddress: ethereum.address('receiverAddress', false),
        contractMethod: ethereum.required('contractMethod'),
        contractAbiJSON: abiJson(ethereum),
      }
    }
    case 'solanaProgram': {
      const solana = section('solana')
      return {
        type,
        chainEndpoint: solana.required('chainEndpoint'),
        programID: solana.required('programID'),
        stateAccountPK: solana.string('stateAccountPK') || null,
      }
    }
    case 'textile':
      return { type, vaultID: section('textile').required('vaultID') }
  }
}

function readInputs(fields: Fields, amount: number): InputScheme {
  const inputs = fields.object('inputs')
  const scheme = inputs?.oneOf('scheme', ['none', 'sha256', 'poseidon-bn254']) ?? 'none'
  if (inputs === null || scheme !== 'poseidon-bn254') return { scheme: scheme === 'sha256' ? scheme : 'none' }
  const capacity = inputs.integer('capacity', 1, 65_536)
  if (capacity === null) throw inputs.problem('capacity', 'is missing')
  if (capacity < amount)
    throw inputs.problem('capacity', `is ${capacity}, below the ${amount} messages of aggregation.amount`)
  const list = inputs.take('fields')
  if (!Array.isArray(list) || list.length === 0 || list.length > 256)
    throw inputs.problem('fields', 'has to be an array of 1 to 256 fields')
  const read = list.map((entry: unknown, index) => {
    if (!isObject(entry)) throw inputs.problem(`fields[${index}]`, 'has to be an object')
    return readInputField(new Fields(entry, `${inputs.at}.fields[${index}]`))
  })
  const names = new Set(read.map((field) => field.name))
  if (names.size !== read.length) throw inputs.problem('fields', 'names a field twice')
  // Every task hashes all of its capacity: a fraction of a millisecond an element, on the sequencer's own thread.
  const bits = read.reduce((sum, { min, max }) => sum + (max - min).toString(2).length, 0)
  if (capacity * bits > MAX_INPUT_BITS)
    throw inputs.problem(
      'capacity',
      `with these fields makes ${capacity * bits} bits, over the bound of ${MAX_INPUT_BITS}`,
    )
  return { scheme, capacity, fields: read }
}

function readInputField(field: Fields): InputField {
  const name = field.required('name')
  const scale = field.integer('scale', 0, 30) ?? 0
  const [min, max] = [field.bigint('min'), field.bigint('max')]
  if (max <= min) throw field.problem('max', 'has to be above min')
  if (max - min >= 1n << 64n) throw field.problem('max', 'lies more than 64 bits above min')
  return { name, scale, min, max }
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function isJsonArray(text: string): boolean {
  try {
    return Array.isArray(JSON.parse(text))
  } catch {
    return false
  }
}

/** Limbs that one task's commitment may cover: some 4,000 field elements, a third of a second of hashing. */
const MAX_INPUT_BITS = 2 ** 20

/** Bounds of declared fields fit a circuit's 128-bit integers. */
const BOUND = 10n ** 38n

/** The members of one object of the file: each is taken once, and what is left over is unknown. */
class Fields {
  readonly at: string
  readonly #left: Map<string, unknown>

  constructor(object: Record<string, unknown>, at: string) {
    this.at = at
    this.#left = new Map(Object.entries(object))
  }

  problem(field: string, problem: string, hint?: string): InvalidProjectFileError {
    const at = this.at === '' ? field : `${this.at}.${field}`
    return new InvalidProjectFileError({ field: at, problem, ...(hint === undefined ? {} : { hint }) })
  }

  /** The value of a field, or null where it is absent. An exact name goes before one of other case. */
  take(field: string): unknown {
    const lower = field.toLowerCase()
    const name = this.#left.has(field) ? field : this.#left.keys().find((key) => key.toLowerCase() === lower)
    if (name === undefined) return null
    const value = this.#left.get(name) ?? null
    this.#left.delete(name)
    return value
  }

  rest(): Record<string, unknown> {
    return Object.fromEntries(this.#left)
  }

  string(field: string): string | null {
    const value = this.take(field)
    if (value !== null && typeof value !== 'string') throw this.problem(field, 'has to be a string')
    return value
  }

  required(field: string): string {
    const value = this.string(field)
    if (!value) throw this.problem(field, value === null ? 'is missing' : 'is empty')
    return value
  }

  integer(field: string, min: number, max: number): number | null {
    const value = this.take(field)
    if (value === null) return null
    if (typeof value !== 'number' || !Number.isInteger(value) || value < min || value > max)
      throw this.problem(field, `has to be an integer from ${min} to ${max}`)
    return value
  }

  /** An integer of at most 38 digits, as a number or as decimal digits in a string. */
  bigint(field: string): bigint {
    const value = this.take(field)
    if (value === null) throw this.problem(field, 'is missing')
    const ok =
      typeof value === 'bigint' ||
      (typeof value === 'number' && Number.isSafeInteger(value)) ||
      (typeof value === 'string' && /^-?[0-9]{1,38}$/.test(value))
    const big = ok ? BigInt(value) : BOUND
    if (big >= BOUND || big <= -BOUND)
      throw this.problem(field, 'has to be an integer of at most 38 digits, or a string of them')
    return big
  }

  oneOf<const T extends string>(field: string, names: readonly T[]): T | null {
    const value = this.take(field)
    if (value === null) return null
    const name = names.find((known) => known === value)
    if (name === undefined) throw this.problem(field, `has to be ${names.filter((known) => known !== '').join(', ')}`)
    return name
  }

  object(field: string): Fields | null {
    const value = this.take(field)
    if (value === null) return null
    if (!isObject(value)) throw this.problem(field, 'has to be an object')
    return new Fields(value, this.at === '' ? field : `${this.at}.${field}`)
  }

  address<R extends boolean>(field: string, required: R): R extends true ? Address : Address | null
  address(field: string, required: boolean): Address | null {
    const value = this.string(field) || null
    if (value === null && !required) return null
    if (value === null || !/^(?:0x)?[0-9a-fA-F]{40}$/.test(value))
      throw this.problem(field, value === null ? 'is missing' : 'has to be 0x and 40 hex digits')
    return `0x${value.slice(-40).toLowerCase()}`
  }

  hash(field: string): Hash {
    const value = this.required(field)
    if (!/^(?:0x)?[0-9a-fA-F]{64}$/.test(value)) throw this.problem(field, 'has to be 0x and 64 hex digits')
    return `0x${value.slice(-64).toLowerCase()}` as Hash
  }
}
