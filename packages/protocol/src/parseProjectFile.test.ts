import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { InvalidProjectFileError } from './errors/InvalidProjectFileError.ts'
import type { Address } from './Hex.ts'
import { hash } from './ids.ts'
import type { InputField, InputScheme, Output, ProjectVersion } from './Project.ts'
import { parseProjectFile } from './parseProjectFile.ts'
import { writeProjectFile } from './writeProjectFile.ts'

const bytes = (file: unknown) => new TextEncoder().encode(typeof file === 'string' ? file : JSON.stringify(file))
const parse = (file: unknown) => parseProjectFile(bytes(file))
const entry = { version: '0.1', vmType: 'halo2', code: '789c' }

function problemOf(file: unknown): string {
  try {
    parse(file)
  } catch (error) {
    if (error instanceof InvalidProjectFileError) return error.message
    throw error
  }
  return 'no problem'
}

describe('parseProjectFile', () => {
  it('reads an array with one entry a version, and makes the first the default', () => {
    const config = parse([entry, { ...entry, version: '0.2', vmType: 'risc0', codeExpParam: '{"elf":"E"}' }])
    expect(config.defaultVersion).toBe('0.1')
    expect(config.versions.map((v) => [v.version, v.vmType, v.codeExpParam])).toEqual([
      ['0.1', 'halo2', null],
      ['0.2', 'risc0', '{"elf":"E"}'],
    ])
    expect(config.versions[0]).toMatchObject({
      outputs: [{ type: 'stdout' }],
      aggregation: { amount: 1, maxAgeMs: null, maxBytes: null },
      proverAmount: 1,
      inputs: { scheme: 'none' },
      devices: { unsigned: 'accept', legacyReplay: 'accept' },
      unknown: {},
    })
  })

  it('hashes the file', () => {
    expect(parse('[{"version":"1","vmType":"wasm","code":"00"}]').hash).toBe(
      '0x3293ee724d76ab688619186c0106c7e8b14fe2669d20129079f68bf077ff165b',
    )
  })

  it('reads versions under a default', () => {
    const { vmType: _, ...rest } = entry
    const config = parse({ defaultVersion: '2', versions: [{ ...entry }, { ...rest, version: '2', vmTypeID: 3 }] })
    expect(config.defaultVersion).toBe('2')
    expect(config.versions[1]?.vmType).toBe('zkwasm')
  })

  it.each([
    [1, 'risc0'],
    [2, 'halo2'],
    [3, 'zkwasm'],
    [4, 'wasm'],
    ['risc0', 'risc0'],
    ['zkwasm', 'zkwasm'],
  ])('reads the runtime %s in either shape and under either name', (value, vmType) => {
    const { vmType: _, ...rest } = entry
    for (const field of ['vmType', 'vmTypeID', 'vmtype']) {
      const version = { ...rest, [field]: value }
      expect(parse([version]).versions[0]?.vmType).toBe(vmType)
      expect(parse({ defaultVersion: '0.1', versions: [version] }).versions[0]?.vmType).toBe(vmType)
    }
  })

  it('reads every output', () => {
    const ethereum = {
      chainEndpoint: 'http://chain',
      contractAddress: `0x${'Ab'.repeat(20)}`,
      contractMethod: 'submit',
      contractAbiJSON: '[]',
    }
    const outputs = (version: object) => parse([{ ...entry, ...version }]).versions[0]?.outputs
    expect(outputs({ output: { type: 'ethereumContract', ethereum } })).toEqual([
      { type: 'ethereumContract', ...ethereum, contractAddress: `0x${'ab'.repeat(20)}`, receiverAddress: null },
    ])
    expect(
      outputs({
        output: {
          type: 'solanaProgram',
          solana: { chainEndpoint: 'http://s', programID: 'P', stateAccountPK: 'S' },
        },
      }),
    ).toEqual([{ type: 'solanaProgram', chainEndpoint: 'http://s', programID: 'P', stateAccountPK: 'S' }])
    expect(outputs({ output: { type: 'textile', textile: { vaultID: 'a.b' } } })).toEqual([
      { type: 'textile', vaultID: 'a.b' },
    ])
    expect(outputs({ output: { type: '' } })).toEqual([{ type: 'stdout' }])
    expect(outputs({ output: null })).toEqual([{ type: 'stdout' }])
    expect(outputs({ outputs: [{ type: 'settlement' }, { type: 'stdout' }], output: { type: 'other' } })).toEqual([
      { type: 'settlement' },
      { type: 'stdout' },
    ])
    expect(outputs({ output: { type: 'settlement', settlement: { contractAbiJSON: '[]' } } })).toEqual([
      { type: 'settlement', contractAbiJSON: '[]' },
    ])
  })

  it('takes an amount or a prover amount of 0 as 1', () => {
    const [version] = parse([{ ...entry, aggregation: { amount: 0 }, resourceRequest: { proverAmount: 0 } }]).versions
    expect(version).toMatchObject({ aggregation: { amount: 1 }, proverAmount: 1 })
  })

  it('keeps every digit of bounds and of unknown integers', () => {
    const [version] = parse(
      '[{"version":"1","vmType":"halo2","code":"00","theirs":18446744073709551615,"inputs":{"scheme":"poseidon-bn254","capacity":2,"fields":[{"name":"t","min":-9223372036854775808,"max":"9223372036854775807"}]}}]',
    ).versions
    expect(version?.unknown).toEqual({ theirs: 18446744073709551615n })
    expect(version?.inputs).toEqual({
      scheme: 'poseidon-bn254',
      capacity: 2,
      fields: [{ name: 't', scale: 0, min: -(2n ** 63n), max: 2n ** 63n - 1n }],
    })
  })

  it('keeps unknown fields, __proto__ among them, without harm', () => {
    const config = parse(
      '{"defaultVersion":"1","name":"x","versions":[{"version":"1","vmType":"wasm","code":"00","__proto__":{"a":1}}]}',
    )
    expect(config.unknown).toEqual({ name: 'x' })
    expect(Object.keys(config.versions[0]?.unknown ?? {})).toEqual(['__proto__'])
    expect(config.versions[0]?.unknown.a).toBeUndefined()
  })

  const poseidon = (inputs: object) => [{ ...entry, inputs: { scheme: 'poseidon-bn254', capacity: 4, ...inputs } }]
  const field = { name: 't', min: 0, max: 9 }
  const ethereum = { chainEndpoint: 'c', contractAddress: `0x${'00'.repeat(20)}`, contractMethod: 'm' }
  it.each([
    ['not JSON', '[', 'it is not JSON in UTF-8'],
    ['a number', 7, 'it has to be a JSON array or object'],
    ['an empty array', [], 'it has no version'],
    ['no versions', { defaultVersion: '1' }, 'versions has to be an array'],
    ['empty versions', { defaultVersion: '1', versions: [] }, 'versions has no version'],
    ['an entry that is no object', [entry, 7], '[1] has to be an object'],
    ['no version', [{ vmType: 'wasm', code: '00' }], '[0].version is missing'],
    ['no code', [{ version: '1', vmType: 'wasm' }], '[0].code is missing'],
    ['an empty code', [{ ...entry, code: '' }], '[0].code is empty'],
    ['no runtime', [{ version: '1', code: '00' }], '[0].vmType is missing'],
    ['an unknown runtime', [{ ...entry, vmType: 'sp1' }], '[0].vmType "sp1" is not a runtime'],
    ['an unknown runtime id', [{ ...entry, vmType: 5 }], '[0].vmType "5" is not a runtime'],
    ['two runtimes', [{ ...entry, vmTypeID: 1 }], '[0].vmTypeID means risc0, but vmType means halo2'],
    ['a repeated version', [entry, entry], '[1].version repeats "0.1"'],
    ['no default', { versions: [entry] }, 'defaultVersion is missing'],
    ['a default that is not there', { defaultVersion: '9', versions: [entry] }, 'defaultVersion names "9"'],
    ['a version of the wrong type', [{ ...entry, version: 1 }], '[0].version has to be a string'],
    ['a negative amount', [{ ...entry, aggregation: { amount: -1 } }], '[0].aggregation.amount has to be an integer'],
    ['an amount in a string', [{ ...entry, aggregation: { amount: '1' } }], '[0].aggregation.amount has to be'],
    [
      'the ABI of a dApp that is none',
      [{ ...entry, output: { type: 'settlement', settlement: { contractAbiJSON: '{}' } } }],
      '[0].output.settlement.contractAbiJSON has to be the text of a JSON array',
    ],
    ['an unknown output', [{ ...entry, output: { type: 'fax' } }], '[0].output.type has to be stdout, settlement'],
    ['no outputs', [{ ...entry, outputs: [] }], '[0].outputs has to be an array of 1 to 16'],
    [
      'two ends',
      [{ ...entry, outputs: [{ type: 'settlement' }, { type: 'textile', textile: { vaultID: 'v' } }] }],
      '[0].outputs has more than one output beside stdout',
    ],
    [
      'a capacity beyond reason',
      [
        {
          ...entry,
          inputs: {
            scheme: 'poseidon-bn254',
            capacity: 65_536,
            fields: [{ name: 'f', min: 0, max: '18446744073709551615' }],
          },
        },
      ],
      '[0].inputs.capacity',
    ],
    ['no section', [{ ...entry, outputs: [{ type: 'textile' }] }], '[0].outputs[0].textile is missing'],
    [
      'a broken ABI',
      [{ ...entry, output: { type: 'ethereumContract', ethereum: { ...ethereum, contractAbiJSON: '{}' } } }],
      '[0].output.ethereum.contractAbiJSON has to be the text of a JSON array',
    ],
    [
      'a short address',
      {
        defaultVersion: '0.1',
        versions: [
          {
            ...entry,
            output: {
              type: 'ethereumContract',
              ethereum: { ...ethereum, contractAbiJSON: '[]', contractAddress: '0x12' },
            },
          },
        ],
      },
      'versions[0].output.ethereum.contractAddress has to be 0x and 40 hex digits',
    ],
    ['an unknown scheme', [{ ...entry, inputs: { scheme: 'md5' } }], '[0].inputs.scheme has to be none, sha256'],
    ['no fields', poseidon({}), '[0].inputs.fields has to be an array'],
    ['a field twice', poseidon({ fields: [field, field] }), '[0].inputs.fields names a field twice'],
    [
      'bounds upside down',
      poseidon({ fields: [{ ...field, min: 9 }] }),
      '[0].inputs.fields[0].max has to be above min',
    ],
    ['too wide a range', poseidon({ fields: [{ ...field, max: '18446744073709551616' }] }), 'more than 64 bits'],
    ['a bound with a fraction', poseidon({ fields: [{ ...field, min: 0.5 }] }), '[0].inputs.fields[0].min has to be'],
    ['capacity below the amount', [{ ...poseidon({ fields: [field] })[0], aggregation: { amount: 5 } }], 'is 4, below'],
    ['a bad key hash', [{ ...entry, provingKey: { uri: 'u', hash: '0x12' } }], '[0].provingKey.hash has to be'],
    ['a bad policy', [{ ...entry, devices: { unsigned: 'no' } }], '[0].devices.unsigned has to be accept, reject'],
  ])('names entry and field: %s', (_name, file, problem) => {
    expect(problemOf(file)).toContain(problem)
  })

  it('refuses broken UTF-8 and a file over the bound', () => {
    expect(() => parseProjectFile(Uint8Array.of(0x22, 0xff, 0x22))).toThrow(InvalidProjectFileError)
    expect(() => parseProjectFile(bytes([entry]), { maxBytes: 10 })).toThrow('over the bound of 10')
    expect(() => parseProjectFile(bytes('['.repeat(1_000_000)))).toThrow(InvalidProjectFileError)
  })

  it('gives back what was written', () => {
    fc.assert(
      fc.property(configs, (config) => {
        const written = writeProjectFile(config)
        const { hash: _, ...read } = parseProjectFile(written)
        expect(read).toEqual(config)
        expect(writeProjectFile(read)).toEqual(written)
      }),
    )
  })
})

const text = fc.string({ minLength: 1, maxLength: 20, unit: 'binary' }).map((s) => s.toWellFormed())
const address = fc.stringMatching(/^[0-9a-f]{40}$/).map((digits): Address => `0x${digits}`)
const hashes = fc.stringMatching(/^[0-9a-f]{64}$/).map((digits) => hash(`0x${digits}`))
const optional = <T>(of: fc.Arbitrary<T>) => fc.option(of, { nil: null })
const output: fc.Arbitrary<Output> = fc.oneof(
  fc.record({ type: fc.constantFrom('stdout' as const, 'settlement' as const) }),
  fc.record({ type: fc.constant('settlement' as const), contractAbiJSON: fc.constantFrom('[]', '[{"type":"error"}]') }),
  fc.record({
    type: fc.constant('ethereumContract' as const),
    chainEndpoint: text,
    contractAddress: address,
    receiverAddress: optional(address),
    contractMethod: text,
    contractAbiJSON: fc.constant('[{"type":"function"}]'),
  }),
  fc.record({
    type: fc.constant('solanaProgram' as const),
    chainEndpoint: text,
    programID: text,
    stateAccountPK: optional(text),
  }),
  fc.record({ type: fc.constant('textile' as const), vaultID: text }),
)
const inputField: fc.Arbitrary<Omit<InputField, 'name'>> = fc
  .tuple(fc.nat(30), fc.bigInt({ min: -(10n ** 37n), max: 10n ** 37n }), fc.bigInt({ min: 1n, max: 2n ** 64n - 1n }))
  .map(([scale, min, width]) => ({ scale, min, max: min + width }))
const inputs: fc.Arbitrary<InputScheme> = fc.oneof(
  fc.record({ scheme: fc.constantFrom('none' as const, 'sha256' as const) }),
  fc.record({
    scheme: fc.constant('poseidon-bn254' as const),
    capacity: fc.integer({ min: 100, max: 1000 }),
    fields: fc
      .array(inputField, { minLength: 1, maxLength: 4 })
      .map((fields) => fields.map((field, index) => ({ name: `f${index}`, ...field }))),
  }),
)
const unknown = fc.dictionary(
  fc.stringMatching(/^x-[a-z]{1,8}$/),
  fc.oneof(
    text,
    fc.boolean(),
    fc.integer().map((n) => n + 0),
    fc.bigInt({ min: 2n ** 53n, max: 2n ** 80n }),
    fc.array(text, { maxLength: 3 }),
  ),
  { maxKeys: 3, noNullPrototype: true },
)
const positive = fc.integer({ min: 1, max: 1_000_000 })
const version: fc.Arbitrary<Omit<ProjectVersion, 'version'>> = fc.record({
  vmType: fc.constantFrom('halo2', 'risc0', 'zkwasm', 'wasm'),
  code: text,
  codeExpParam: optional(text),
  outputs: fc
    .tuple(output, fc.boolean())
    .map(([one, printed]): Output[] => (printed ? [one, { type: 'stdout' }] : [one])),
  aggregation: fc.record({
    amount: fc.integer({ min: 1, max: 100 }),
    maxAgeMs: optional(positive),
    maxBytes: optional(positive),
  }),
  proverAmount: fc.integer({ min: 1, max: 65_535 }),
  inputs,
  provingKey: optional(fc.record({ uri: text, hash: hashes })),
  limits: fc.record({ timeoutMs: optional(positive), memoryBytes: optional(positive) }),
  retentionDays: optional(fc.integer({ min: 1, max: 100_000 })),
  devices: fc.record({
    unsigned: fc.constantFrom('accept', 'reject'),
    legacyReplay: fc.constantFrom('accept', 'reject'),
  }),
  unknown,
})
const configs = fc.array(version, { minLength: 1, maxLength: 4 }).chain((versions) =>
  fc.record({
    defaultVersion: fc.nat(versions.length - 1).map((index) => `v${index}`),
    versions: fc.constant(versions.map((fields, index) => ({ version: `v${index}`, ...fields }))),
  }),
)
