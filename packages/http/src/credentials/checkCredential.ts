import type { CredentialSigner } from '../ports/CredentialSigner.ts'
import { fromBase64url } from './base64url.ts'

const utf8 = new TextEncoder()

/**
 * Checks a credential that this deployment issued.
 * @param nowMs milliseconds since the epoch
 * @returns its unique id, or null where it is not one of ours, changed, or over
 */
export async function checkCredential(signer: CredentialSigner, jwt: string, nowMs: number): Promise<string | null> {
  const [header, claims, signature, ...rest] = jwt.split('.')
  if (header === undefined || claims === undefined || signature === undefined || rest.length > 0) return null
  // The algorithm is ours, whatever the header says: only what we sign is taken.
  const bytes = fromBase64url(signature)
  if (bytes?.length !== 64 || !(await signer.verify(utf8.encode(`${header}.${claims}`), bytes))) return null
  const parsed = parseClaims(claims)
  if (parsed === null || parsed.iss !== signer.issuer) return null
  return nowMs >= parsed.nbf * 1000 && nowMs < parsed.exp * 1000 ? parsed.jti : null
}

function parseClaims(text: string): { iss: string; jti: string; nbf: number; exp: number } | null {
  const bytes = fromBase64url(text)
  if (bytes === null) return null
  try {
    const { iss, jti, nbf, exp } = JSON.parse(new TextDecoder().decode(bytes)) as Record<string, unknown>
    if (typeof iss !== 'string' || typeof jti !== 'string' || typeof nbf !== 'number' || typeof exp !== 'number')
      return null
    return { iss, jti, nbf, exp }
  } catch {
    return null
  }
}
