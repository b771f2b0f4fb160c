/** The operations of KMS that a signer uses. Each throws AwsError; retries, with a bound, are the implementation's. */
export interface KmsCalls {
  /** @returns the key as DER SubjectPublicKeyInfo */
  getPublicKey(keyId: string): Promise<Uint8Array>
  /** ECDSA over a digest of 32 bytes as it is. @returns the signature in DER */
  sign(keyId: string, digest: Uint8Array): Promise<Uint8Array>
}
