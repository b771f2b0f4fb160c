import { hash as digestOf, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { LocalSigner } from '@w3bstream/chain'
import {
  concatBytes,
  type Did,
  type Domain,
  didOfAddress,
  didOfKey,
  fromHex,
  type Hash,
  type Hex,
  messageDigest,
  type ProjectId,
  toHex,
} from '@w3bstream/protocol'

export type KeyType = 'secp256k1' | 'ed25519' | 'p256'

interface Device {
  readonly did: Did
  readonly sign: (digest: Hash) => Promise<Hex>
  nonce: bigint
}

/** Devices that take turns in sending, each signing with its own key and counting its own messages. */
export class Fleet {
  readonly #devices: readonly Device[]
  #next = 0

  constructor(type: KeyType, count: number) {
    this.#devices = Array.from({ length: count }, () => DEVICES[type]())
  }

  /** The body of a `POST /v1/messages` by the device whose turn it is. */
  async message(p: {
    readonly domain: Domain
    readonly projectId: ProjectId
    readonly version: string
    readonly data: string
  }): Promise<string> {
    const device = this.#devices[this.#next++ % this.#devices.length]
    if (device === undefined) throw new RangeError('a fleet has at least one device')
    const nonce = device.nonce++
    const digest = messageDigest(p.domain, {
      projectId: p.projectId,
      version: p.version,
      device: device.did,
      nonce,
      payloadHash: `0x${digestOf('sha256', p.data)}` as Hash,
    })
    return JSON.stringify({
      projectId: String(p.projectId),
      version: p.version,
      data: p.data,
      device: device.did,
      nonce: String(nonce),
      signature: await device.sign(digest),
    })
  }
}

const DEVICES: Readonly<Record<KeyType, () => Device>> = {
  secp256k1() {
    const signer = LocalSigner.generate()
    return { did: didOfAddress(signer.address), sign: (digest) => signer.sign(digest), nonce: 1n }
  },
  ed25519() {
    const { publicKey, privateKey } = generateKeyPairSync('ed25519')
    const { x } = coordinates(publicKey)
    return {
      did: didOfKey('ed25519', x),
      sign: async (digest) => toHex(sign(null, fromHex(digest), privateKey)),
      nonce: 1n,
    }
  },
  p256() {
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const { x, y } = coordinates(publicKey)
    return {
      did: didOfKey('p256', concatBytes(Uint8Array.of((y.at(-1) ?? 0) % 2 === 1 ? 3 : 2), x)),
      sign: async (digest) => toHex(sign('sha256', fromHex(digest), { key: privateKey, dsaEncoding: 'ieee-p1363' })),
      nonce: 1n,
    }
  },
}

function coordinates(key: KeyObject): { readonly x: Uint8Array; readonly y: Uint8Array } {
  const { x = '', y = '' } = key.export({ format: 'jwk' })
  return { x: Buffer.from(x, 'base64url'), y: Buffer.from(y, 'base64url') }
}
