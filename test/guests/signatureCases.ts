import { createHash } from 'node:crypto'
import { ed25519 } from '@noble/curves/ed25519.js'
import { p256 } from '@noble/curves/nist.js'
import { sha512 } from '@noble/hashes/sha2.js'
import {
  type Address,
  concatBytes,
  type Domain,
  fromHex,
  type Hash,
  hash,
  messageDigest,
  projectId,
  toHex,
} from '@w3bstream/protocol'
import { KeySet, keyOfDevice } from '@w3bstream/sdk'

export const PROJECT = projectId(7)
export const DOMAIN: Domain = { chainId: 31_337n, verifyingContract: `0x${'5a'.repeat(20)}` as Address }

type Algorithm = 'ed25519' | 'p256'
type Fields = Record<string, unknown> & { readonly domain: { chainId: string; verifyingContract: string } }

/** One task for the guest of signed readings. */
export interface SignatureCase {
  readonly name: string
  readonly payloads: readonly string[]
  /** What the guest panics with; null: it takes them. */
  readonly refused: RegExp | null
}

const sha256 = (bytes: Uint8Array | string): Uint8Array => Uint8Array.from(createHash('sha256').update(bytes).digest())
const seed = (n: number): Uint8Array => sha256(`device ${n}`)
const device = (algorithm: Algorithm, n: number) => keyOfDevice(algorithm, seed(n))
const READING = '{"temperature":21.4,"time":1790000000}'
const EMPTY_PATH = KeySet.forGuest([device('ed25519', 0)]).path(0)

function digestOf(fields: Fields, domain = DOMAIN): Hash {
  const { version, device, nonce, reading } = fields
  const payloadHash = hash(toHex(sha256(String(reading))))
  const message = { version: String(version), device: String(device), nonce: BigInt(String(nonce)), payloadHash }
  return messageDigest(domain, { projectId: PROJECT, ...message })
}

/** A payload with all but its signature. */
function unsigned(algorithm: Algorithm, n = 0, reading = READING): Fields {
  const { device: did, publicKey } = device(algorithm, n)
  const domain = { chainId: DOMAIN.chainId.toString(), verifyingContract: DOMAIN.verifyingContract }
  const place = { index: 0, path: EMPTY_PATH, domain }
  return { reading, version: '0.1', device: did, nonce: '5', algorithm, key: toHex(publicKey), ...place }
}

async function signed(algorithm: Algorithm, n = 0, reading = READING): Promise<Fields> {
  const fields = unsigned(algorithm, n, reading)
  return { ...fields, signature: await device(algorithm, n).sign(digestOf(fields)) }
}

const text = (...fields: readonly Fields[]): string[] => fields.map((one) => JSON.stringify(one))
const HOLDS_NOT = /payload [01]: signature does not hold/

/** A signature with one bit of it changed. */
function flipped(fields: Fields, bit: number): Fields {
  const bytes = fromHex(toHex(fromHex(`0x${String(fields.signature).slice(2)}`)))
  bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7))
  return { ...fields, signature: toHex(bytes) }
}

const L = ed25519.Point.Fn.ORDER
const N = p256.Point.Fn.ORDER
const littleEndian = (bytes: Uint8Array): bigint => BigInt(toHex(Uint8Array.from(bytes).reverse()))
const le32 = (value: bigint): Uint8Array => be32(value).reverse()
const be32 = (value: bigint): Uint8Array => fromHex(`0x${value.toString(16).padStart(64, '0')}`)
/** Of order 8. */
const TORSION = ed25519.Point.fromHex('c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a', true)

/** A signature whose R has a part of small order: the equation holds only where both sides are multiplied by 8. */
function cofactored(): Fields {
  const fields = unsigned('ed25519')
  const { scalar, pointBytes } = ed25519.utils.getExtendedPublicKey(seed(0))
  const nonce = 1_234_567n
  const r = ed25519.Point.BASE.multiply(nonce).add(TORSION).toBytes()
  const k = littleEndian(sha512(concatBytes(r, pointBytes, fromHex(digestOf(fields))))) % L
  return lenientlyHolds({ ...fields, signature: toHex(concatBytes(r, le32((nonce + k * scalar) % L))) })
}

/** A case is worth something where a verifier that multiplies by the cofactor, and takes any key, accepts it. */
function lenientlyHolds(fields: Fields): Fields {
  const [signature, key] = [fields.signature, fields.key].map((hex) => fromHex(`0x${String(hex).slice(2)}`))
  const message = fromHex(digestOf(fields))
  if (!signature || !key || !ed25519.verify(signature, message, key, { zip215: true }))
    throw new TypeError('holds never')
  return fields
}

/** S = 0 with R = the identity: with the cofactor, that holds for every message under a key of small order. */
function smallOrder(encoding: string): Fields {
  const fields = { ...unsigned('ed25519'), key: `0x${encoding}` }
  return lenientlyHolds({ ...fields, signature: `0x01${'00'.repeat(63)}` })
}

/** The points of small order, and the encodings of them that are not canonical (y at least 2^255 - 19, or x = 0 with a sign). */
const SMALL_ORDER = [
  `01${'00'.repeat(31)}`,
  `01${'00'.repeat(30)}80`,
  `ec${'ff'.repeat(30)}7f`,
  `ec${'ff'.repeat(30)}ff`,
  '00'.repeat(32),
  `${'00'.repeat(31)}80`,
  `ed${'ff'.repeat(30)}7f`,
  `ee${'ff'.repeat(30)}7f`,
  `ee${'ff'.repeat(30)}ff`,
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85',
]

/** Signatures that hold, and each way in which one does not. */
export async function signatureCases(): Promise<SignatureCase[]> {
  const cases: SignatureCase[] = []
  const add = (name: string, refused: RegExp | null, ...fields: readonly Fields[]) =>
    cases.push({ name, payloads: text(...fields), refused })

  for (const algorithm of ['ed25519', 'p256'] as const) {
    const good = await signed(algorithm)
    add(`${algorithm}: a signature`, null, good)
    const many = Array.from({ length: 8 }, (_, n) => `{"temperature":-3.${n},"time":${1_790_000_000 + n}}`)
    // One key set for all: the path of the key is not what is asked here.
    for (const [n, reading] of many.entries()) add(`${algorithm}: key ${n}`, null, await signed(algorithm, n, reading))

    const changes: Record<string, Partial<Fields>> = {
      temperature: { reading: READING.replace('21.4', '21.5') },
      time: { reading: READING.replace('179', '180') },
      'a space': { reading: READING.replace(',', ', ') },
      version: { version: '0.2' },
      device: { device: device(algorithm, 1).device },
      nonce: { nonce: '6' },
      key: { key: toHex(device(algorithm, 1).publicKey) },
      chain: { domain: { ...good.domain, chainId: '1' } },
      registry: { domain: { ...good.domain, verifyingContract: `0x${'5b'.repeat(20)}` } },
    }
    for (const [what, change] of Object.entries(changes))
      add(`${algorithm}: another ${what}`, HOLDS_NOT, { ...good, ...change })
    for (const bit of [0, 7, 100, 255, 256, 300, 500])
      add(`${algorithm}: bit ${bit} of the signature`, HOLDS_NOT, flipped(good, bit))
    add(`${algorithm}: all zeros`, HOLDS_NOT, { ...good, signature: `0x${'00'.repeat(64)}` })
    const later = { ...(await signed(algorithm, 1, READING.replace('179', '180'))) }
    add(`${algorithm}: keys of two sets`, /another set/, good, { ...later, path: EMPTY_PATH.toReversed() })
  }

  const edwards = await signed('ed25519')
  const [r, s] = [
    fromHex(`0x${String(edwards.signature).slice(2, 66)}`),
    fromHex(`0x${String(edwards.signature).slice(66)}`),
  ]
  add('ed25519: S + L', HOLDS_NOT, { ...edwards, signature: toHex(concatBytes(r, le32(littleEndian(s) + L))) })
  add('ed25519: holds only with the cofactor', HOLDS_NOT, cofactored())
  for (const encoding of SMALL_ORDER) add(`ed25519: key ${encoding}`, HOLDS_NOT, smallOrder(encoding))
  add('ed25519: a key that is no point', HOLDS_NOT, { ...edwards, key: `0x02${'00'.repeat(31)}` })

  const nist = await signed('p256')
  const of = (r: bigint, s: bigint): Fields => ({ ...nist, signature: toHex(concatBytes(be32(r), be32(s))) })
  const [nistR, nistS] = [String(nist.signature).slice(2, 66), String(nist.signature).slice(66)].map((h) =>
    BigInt(`0x${h}`),
  )
  if (nistR === undefined || nistS === undefined) throw new TypeError('no signature')
  add('p256: the other s', null, of(nistR, N - nistS))
  add('p256: r = 0', HOLDS_NOT, of(0n, nistS))
  add('p256: s = 0', HOLDS_NOT, of(nistR, 0n))
  add('p256: r = n', HOLDS_NOT, of(N, nistS))
  add('p256: s = n', HOLDS_NOT, of(nistR, N))
  add('p256: all ones', HOLDS_NOT, of(2n ** 256n - 1n, 2n ** 256n - 1n))
  add('p256: -r', HOLDS_NOT, of(N - nistR, nistS))
  const P = p256.Point.Fp.ORDER
  const { x, y } = p256.Point.fromHex(`04${String(nist.key).slice(2)}`)
  const keyed = (x: bigint, y: bigint): Fields => ({ ...nist, key: toHex(concatBytes(be32(x), be32(y))) })
  add('p256: the other y', HOLDS_NOT, keyed(x, P - y))
  add('p256: off the curve', HOLDS_NOT, keyed(x, y ^ 1n))
  add('p256: the key 0, 0', HOLDS_NOT, keyed(0n, 0n))
  add('p256: x = p', HOLDS_NOT, keyed(P, y))
  return cases
}

/** Payloads of which something else than the signature is wrong. */
export async function malformedCases(): Promise<SignatureCase[]> {
  const good = await signed('ed25519')
  const other = await signed('p256', 1, READING.replace('179', '180'))
  const elsewhere = { ...other, domain: { ...other.domain, chainId: '1' } }
  const withReading = async (reading: string) => text(await signed('ed25519', 0, reading))
  const changed = (change: Record<string, unknown>) => [JSON.stringify({ ...good, ...change })]
  const without = (name: string) => [JSON.stringify(good, (key, value) => (key === name ? undefined : value))]
  return [
    { name: 'times that go back', payloads: text(other, good), refused: /not later/ },
    { name: 'one time twice', payloads: text(good, good), refused: /not later/ },
    { name: 'two registries', payloads: text(good, elsewhere), refused: /one registry/ },
    {
      name: 'a key twice',
      payloads: [JSON.stringify(good).replace('{', '{"nonce":"5",')],
      refused: /nonce is there twice/,
    },
    { name: 'no signature', payloads: without('signature'), refused: /signature is missing/ },
    { name: 'an unknown algorithm', payloads: changed({ algorithm: 'secp256k1' }), refused: /algorithm/ },
    { name: 'a short path', payloads: changed({ path: EMPTY_PATH.slice(1) }), refused: /path/ },
    { name: 'an index beyond the tree', payloads: changed({ index: 256 }), refused: /index/ },
    { name: 'a negative index', payloads: changed({ index: -1 }), refused: /index/ },
    { name: 'a short key', payloads: changed({ key: '0x00' }), refused: /key/ },
    { name: 'a nonce of 65 bits', payloads: changed({ nonce: (1n << 64n).toString() }), refused: /nonce/ },
    { name: 'two decimals', payloads: await withReading('{"temperature":21.45,"time":1}'), refused: /decimal places/ },
    { name: 'too hot', payloads: await withReading('{"temperature":60.1,"time":1}'), refused: /out of its bounds/ },
    {
      name: 'a late time',
      payloads: await withReading(`{"temperature":1,"time":${2 ** 40}}`),
      refused: /out of its bounds/,
    },
    {
      name: 'a temperature twice',
      payloads: await withReading('{"temperature":1,"temperature":2,"time":1}'),
      refused: /twice/,
    },
    { name: 'no time', payloads: await withReading('{"temperature":1}'), refused: /time is missing/ },
    { name: 'no JSON', payloads: ['not JSON'], refused: /payload 0, byte 0: no JSON object/ },
  ]
}
