import { type CredentialSigner, es256CredentialSigner } from '@w3bstream/http'
import { InvalidConfigError } from '@w3bstream/protocol'

/**
 * The signer of devices' credentials, by its key as operators keep it: a P-256 key, PKCS#8, in PEM or its bare base64
 * (`openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256`).
 * @throws {InvalidConfigError} it is none; nothing of it is shown
 */
export async function credentialSignerOf(pem: string): Promise<CredentialSigner> {
  try {
    const base64 = pem.replaceAll(/-----[A-Z ]+-----|\s/g, '')
    return await es256CredentialSigner(Uint8Array.from(atob(base64), (character) => character.charCodeAt(0)))
  } catch {
    throw new InvalidConfigError({ problems: ['the credential key is no P-256 key in PKCS#8'] })
  }
}
