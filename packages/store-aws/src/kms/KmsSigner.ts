import type { Signer } from '@w3bstream/core/ports'
import {
  type Address,
  BadSignatureError,
  fromHex,
  type Hash,
  type Hex,
  keccak,
  normaliseSignature,
  type Recover,
  recoverSigner,
  toHex,
} from '@w3bstream/protocol'
import { AwsUnavailableError } from './AwsUnavailableError.ts'
import type { KmsCalls } from './KmsCalls.ts'
import { parseDerSignature } from './parseDerSignature.ts'
import { parseSpki } from './parseSpki.ts'

export interface KmsSignerModules {
  readonly kms: KmsCalls
  /** Default: in JavaScript, 1.5 ms, beside a call of KMS that takes several. */
  readonly recover?: Recover
}

/** A secp256k1 key that never leaves KMS (key spec ECC_SECG_P256K1, usage SIGN_VERIFY). A signature is one call, checked before it is given out. */
export class KmsSigner implements Signer {
  readonly address: Address
  readonly #kms: KmsCalls
  readonly #keyId: string
  readonly #recover: Recover

  private constructor(modules: Required<KmsSignerModules>, keyId: string, address: Address) {
    this.#kms = modules.kms
    this.#recover = modules.recover
    this.#keyId = keyId
    this.address = address
  }

  /**
   * Asks KMS for the key's address.
   * @throws {InvalidConfigError} the key is of another kind
   * @throws {AwsUnavailableError} there is no such key, or KMS does not answer or refuses
   */
  static async open({ kms, recover = recoverSigner }: KmsSignerModules, keyId: string): Promise<KmsSigner> {
    const point = parseSpki(await asked(keyId, () => kms.getPublicKey(keyId)), keyId)
    const address = toHex(keccak(point.subarray(1)).subarray(12))
    return new KmsSigner({ kms, recover }, keyId, address)
  }

  /** @throws {AwsUnavailableError} @throws {BadSignatureError} KMS gave what this key did not make */
  async sign(digest: Hash): Promise<Hex> {
    const der = await asked(this.#keyId, () => this.#kms.sign(this.#keyId, fromHex(digest)))
    const signature = new Uint8Array(65)
    signature.set(parseDerSignature(der))
    // KMS does not say which of the two keys that fit is the right one.
    for (const v of [27, 28]) {
      signature[64] = v
      const normal = normaliseSignature(signature, { highS: 'flip' })
      if (this.#isOurs(digest, normal)) return toHex(normal)
    }
    throw new BadSignatureError({ reason: `the KMS key ${this.#keyId} did not make it` })
  }

  #isOurs(digest: Hash, signature: Uint8Array): boolean {
    try {
      return this.#recover(digest, signature) === this.address
    } catch (error) {
      // No key fits this v.
      if (error instanceof BadSignatureError) return false
      throw error
    }
  }
}

async function asked<T>(keyId: string, ask: () => Promise<T>): Promise<T> {
  try {
    return await ask()
  } catch (cause) {
    throw new AwsUnavailableError({ service: 'KMS', subject: `the key ${keyId}`, cause })
  }
}
