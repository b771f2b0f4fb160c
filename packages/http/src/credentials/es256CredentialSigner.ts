import type { CredentialSigner } from '../ports/CredentialSigner.ts'
import { base64url } from './base64url.ts'

const SIGNATURE = { name: 'ECDSA', hash: 'SHA-256' }
const KEY = { name: 'ECDSA', namedCurve: 'P-256' }

/**
 * Signs credentials with a P-256 key through WebCrypto, as issuer `did:jwk`.
 * @param pkcs8 the private key, PKCS#8 in DER
 */
export async function es256CredentialSigner(pkcs8: Uint8Array<ArrayBuffer>): Promise<CredentialSigner> {
  const { subtle } = crypto
  // Exportable, since the public half comes out of it; only that half is kept in this form.
  const exportable = await subtle.importKey('pkcs8', pkcs8, KEY, true, ['sign'])
  const { crv, kty, x, y } = await subtle.exportKey('jwk', exportable)
  const jwk = { crv, kty, x, y } as { crv: string; kty: string; x: string; y: string }
  const privateKey = await subtle.importKey('pkcs8', pkcs8, KEY, false, ['sign'])
  const publicKey = await subtle.importKey('jwk', jwk, KEY, false, ['verify'])
  const issuer = `did:jwk:${base64url(new TextEncoder().encode(JSON.stringify(jwk)))}`
  return {
    issuer,
    keyId: `${issuer}#0`,
    algorithm: 'ES256',
    async sign(bytes) {
      return new Uint8Array(await subtle.sign(SIGNATURE, privateKey, Uint8Array.from(bytes)))
    },
    verify: (bytes, signature) =>
      subtle.verify(SIGNATURE, publicKey, Uint8Array.from(signature), Uint8Array.from(bytes)),
  }
}
