/** Signs verifiable credentials as JSON Web Signatures. */
export interface CredentialSigner {
  /** The issuer's DID. */
  readonly issuer: string
  /** DID URL of the verification method: the JWT's `kid`. */
  readonly keyId: string
  readonly algorithm: 'ES256' | 'ES256K'
  /** @returns the 64-byte signature r || s over the bytes */
  sign(bytes: Uint8Array): Promise<Uint8Array>
  verify(bytes: Uint8Array, signature: Uint8Array): Promise<boolean>
}
