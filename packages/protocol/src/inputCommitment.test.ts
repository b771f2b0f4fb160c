import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { drawSalt } from './drawSalt.ts'
import { InvalidInputError } from './errors/InvalidInputError.ts'
import { fromHex, toWord } from './Hex.ts'
import { hash } from './ids.ts'
import { checkPayload, inputCommitment } from './inputCommitment.ts'
import type { InputField, InputScheme } from './Project.ts'
import { packElements } from './packElements.ts'
import { BN254_R, poseidon } from './poseidon.ts'
import { readInputFields } from './readInputFields.ts'
import { scaledInteger } from './scaledInteger.ts'

const big = z.string().transform((digits) => BigInt(digits))
const fields = z.array(z.object({ name: z.string(), scale: z.number(), min: big, max: big }))
// Written by the Rust side, which proves over these commitments.
const vectors = z
  .object({
    scheme: z.literal('poseidon-bn254'),
    poseidon: z.array(z.object({ preimage: z.array(big), hash: big })),
    scaledIntegers: z.array(z.object({ text: z.string(), scale: z.number(), value: big.nullable() })),
    refused: z.array(z.object({ fields, payload: z.string(), reason: z.string() })),
    commitments: z.array(
      z.object({
        name: z.string(),
        capacity: z.number(),
        fields,
        payloads: z.array(z.string()),
        salt: z.string().transform((text) => hash(text)),
        elements: z.array(big),
        commitment: z.string(),
      }),
    ),
  })
  .parse(JSON.parse(readFileSync(new URL('../../../test/vectors/input-commitment.json', import.meta.url), 'utf8')))

const temperature: InputField = { name: 't', scale: 1, min: -400n, max: 600n }
const read = (payload: string) => readInputFields([temperature], payload)

describe('poseidon', () => {
  it('has the published values', () => {
    expect(poseidon([1n, 2n])).toBe(0x0119d28087185721575e2a87f313ca1879f0d60c7a98047507d28badae50607dn)
    expect(poseidon([1n, 2n, 3n])).toBe(0x09fe8b867bdfeb9d5b7240e8bef4fdcbe86bfc7ae4c72899f627907fbe2576b5n)
  })

  it.each(vectors.poseidon)("is the circuit's over $preimage", ({ preimage, hash: expected }) => {
    expect(poseidon(preimage)).toBe(expected)
  })

  it('refuses what is no field element', () => {
    expect(() => poseidon([BN254_R])).toThrow(RangeError)
    expect(() => poseidon([-1n])).toThrow(RangeError)
  })
})

describe('scaledInteger', () => {
  it.each(vectors.scaledIntegers)('reads $text at scale $scale', ({ text, scale, value }) => {
    if (value === null) expect(() => scaledInteger(text, scale, 'x')).toThrow(InvalidInputError)
    else expect(scaledInteger(text, scale, 'x')).toBe(value)
  })

  it('takes time in proportion to the length of a number', () => {
    expect(() => scaledInteger(`0.${'0'.repeat(1_000_000)}1`, 1, 'x')).toThrow('decimal places')
    expect(scaledInteger(`0.${'0'.repeat(1_000_000)}`, 1, 'x')).toBe(0n)
  }, 2_000)

  it.each([
    ['12.85', 1, 'decimal places'],
    ['1e-99999999999999999999', 5, 'decimal places'],
    ['1e38', 0, 'too large'],
    ['1e99999999999999999999', 0, 'too large'],
    ...['', '-', '+1', '01', '1.', '.5', '1e', '1e1.0', '0x1', '1 ', 'NaN', '"1"', '١', '1_0', 'null'].map(
      (text): [string, number, string] => [text, 0, 'JSON number'],
    ),
  ])('refuses %j at scale %i', (text, scale, reason) => {
    expect(() => scaledInteger(text, scale, 'x')).toThrow(reason)
  })

  it('reads back any decimal, however it is written', () => {
    const cases = fc.tuple(
      fc.bigInt({ min: -(10n ** 15n), max: 10n ** 15n }),
      fc.nat(12),
      fc.integer({ min: -9, max: 9 }),
      fc.nat(6),
    )
    fc.assert(
      fc.property(cases, ([value, scale, exponent, zeros]) => {
        const places = scale + exponent
        if (places < 0) return
        const digits = (value < 0n ? -value : value).toString().padStart(places + 1, '0')
        const cut = digits.length - places
        const fraction = digits.slice(cut) + '0'.repeat(zeros)
        const text = `${value < 0n ? '-' : ''}${digits.slice(0, cut)}${fraction && `.${fraction}`}e${exponent}`
        expect(scaledInteger(text, scale, 'x')).toBe(value)
      }),
    )
  })
})

describe('readInputFields', () => {
  it('finds a field wherever it stands and however its name is written', () => {
    expect(read('{"t":12.8}')).toEqual([528n])
    expect(read(' {"x":{"t":1,"y":["}",{"t":2}]},"z":"\\"t\\":5, }","\\u0074" : -4E1\n} ')).toEqual([0n])
    expect(read('{"":1,"\\ud800":"\\ud800","t":60.0,"toString":1}')).toEqual([1000n])
  })

  it.each([
    ['{"t":1,"t":1}', 'payload.t is there twice'],
    ['{"t":1,"\\u0074":1}', 'payload.t is there twice'],
    ['{"x":{"t":1}}', 'payload.t is missing'],
    ['{}', 'payload.t is missing'],
    ['{"t":"1"}', 'payload.t has to be a JSON number'],
    ['{"t":[1]}', 'payload.t has to be a JSON number'],
    ['{"t":{}}', 'payload.t has to be a JSON number'],
    ['{"t":true}', 'payload.t has to be a JSON number'],
    ['{"t":12.85}', 'payload.t has more decimal places than the 1'],
    ['{"t":60.1}', 'payload.t has to lie between -40 and 60'],
    ['{"t":-40.1}', 'payload.t has to lie between -40 and 60'],
    ...['', '[]', '7', 'null', '{', '{"t":1}x', '{"t":1,}', '{"t":01}', "{'t':1}", '\ufeff{"t":1}'].map(
      (payload): [string, string] => [payload, 'payload has to be a JSON object'],
    ),
  ])('refuses %j', (payload, reason) => {
    expect(() => read(payload)).toThrow(InvalidInputError)
    expect(() => read(payload)).toThrow(reason)
  })

  it('agrees with JSON.parse on objects without repeated keys', () => {
    const number = fc.integer({ min: -400, max: 600 })
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), number, fc.nat(4), (others, value, indent) => {
        const json = JSON.stringify({ ...others, t: value / 10 }, null, indent)
        expect(read(json)).toEqual([BigInt(value + 400)])
      }),
    )
  })

  it('shows bounds in the unit of the field', () => {
    const narrow: InputField = { name: 'p', scale: 3, min: -5n, max: 12_500n }
    expect(() => readInputFields([narrow], '{"p":13}')).toThrow('between -0.005 and 12.5')
  })

  it.each(vectors.refused)('refuses what the circuit refuses: $payload', ({ fields: declared, payload }) => {
    expect(() => readInputFields(declared, payload)).toThrow(InvalidInputError)
  })
})

describe('inputCommitment', () => {
  it.each(vectors.commitments)('packs and commits as the circuit does: $name', (vector) => {
    const { capacity, salt, payloads } = vector
    const scheme: InputScheme = { scheme: 'poseidon-bn254', capacity, fields: vector.fields }
    const readings = payloads.map((payload) => readInputFields(vector.fields, payload))
    expect(packElements(capacity, vector.fields, readings)).toEqual(vector.elements)
    expect(inputCommitment(scheme, { salt, payloads })).toBe(vector.commitment)
    for (const payload of payloads) expect(checkPayload(scheme, payload)).toBeUndefined()
  })

  it('commits to bytes by sha256', () => {
    const salt = drawSalt()
    const payloads = ['', 'é', 'x'.repeat(300)]
    const expected = createHash('sha256').update('W3bstream-input-v1').update(fromHex(salt)).update(toWord(3n, 4))
    for (const payload of payloads) expected.update(toWord(BigInt(Buffer.byteLength(payload)), 4)).update(payload)
    const scheme: InputScheme = { scheme: 'sha256' }
    expect(inputCommitment(scheme, { salt, payloads })).toBe(`0x${expected.digest('hex')}`)
    expect(inputCommitment(scheme, { salt, payloads: ['éx'] })).not.toBe(
      inputCommitment(scheme, { salt, payloads: ['é', 'x'] }),
    )
    expect(() => checkPayload(scheme, 'anything')).not.toThrow()
  })

  it('commits to nothing where the project names no scheme', () => {
    expect(inputCommitment({ scheme: 'none' }, { salt: drawSalt(), payloads: ['x'] })).toBe(`0x${'00'.repeat(32)}`)
  })

  it('refuses no readings, and more than the capacity', () => {
    const scheme: InputScheme = { scheme: 'poseidon-bn254', capacity: 2, fields: [temperature] }
    for (const count of [0, 3]) {
      const payloads = Array.from({ length: count }, () => '{"t":1}')
      expect(() => inputCommitment(scheme, { salt: drawSalt(), payloads })).toThrow(InvalidInputError)
    }
    expect(() => checkPayload(scheme, '{"t":"1"}')).toThrow('payload.t has to be a JSON number')
  })

  it('changes with every reading, the order of two, and the salt', () => {
    const scheme: InputScheme = { scheme: 'poseidon-bn254', capacity: 4, fields: [temperature] }
    const salt = drawSalt()
    const of = (values: number[], by = salt) =>
      inputCommitment(scheme, { salt: by, payloads: values.map((t) => JSON.stringify({ t })) })
    // The last two: a reading of the least value differs from none.
    const all = [of([1, 2]), of([2, 1]), of([1, 3]), of([1, 2], drawSalt()), of([1, -40]), of([1])]
    expect(new Set(all).size).toBe(all.length)
  })
})

describe('drawSalt', () => {
  it('is below the modulus whatever the source gives', () => {
    const salt = drawSalt((size) => new Uint8Array(size).fill(0xff))
    expect(salt).toBe(`0x1f${'ff'.repeat(31)}`)
    expect(BigInt(salt) < BN254_R).toBe(true)
    expect(drawSalt()).not.toBe(drawSalt())
  })
})
