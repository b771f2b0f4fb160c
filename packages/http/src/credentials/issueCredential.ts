import { InvalidInputError, stringifyExactJson } from '@w3bstream/protocol'
import type { CredentialSigner } from '../ports/CredentialSigner.ts'
import type { JsonObject } from '../request/parseBody.ts'
import { readTime } from '../request/readTime.ts'
import { base64url } from './base64url.ts'

/** Longest life of a credential. */
const MAX_LIFE_S = 30 * 24 * 3600

const utf8 = new TextEncoder()

/**
 * Issues a verifiable credential in JWT form (Verifiable Credentials Data Model 1.1, section 6.3.1).
 *
 * The subject is the caller's word: nothing here proves that it holds that DID, so a message sent with the credential is its holder's (the unique
 * `jti`), never the subject's.
 * @param request a W3C VC API issue request: `{credential, options: {proofFormat: "jwt"}}`
 * @param nowMs milliseconds since the epoch
 * @throws {InvalidInputError}
 */
export async function issueCredential(signer: CredentialSigner, request: JsonObject, nowMs: number): Promise<string> {
  const credential = object(request.credential, 'credential')
  const subject = object(credential.credentialSubject, 'credential.credentialSubject')
  const options = request.options === undefined ? {} : object(request.options, 'options')
  if (options.proofFormat !== undefined && options.proofFormat !== 'jwt')
    throw new InvalidInputError({ field: 'options.proofFormat', problem: 'has to be "jwt"' })
  const issuedS = Math.floor(nowMs / 1000)
  const expiresS = expiry(credential.expirationDate, nowMs)
  const jti = `urn:uuid:${crypto.randomUUID()}`
  const claims = {
    iss: signer.issuer,
    ...(typeof subject.id === 'string' ? { sub: subject.id } : {}),
    jti,
    nbf: issuedS,
    iat: issuedS,
    exp: expiresS,
    vc: {
      '@context': ['https://www.w3.org/2018/credentials/v1'],
      type: ['VerifiableCredential'],
      ...credential,
      id: jti,
      issuer: signer.issuer,
      issuanceDate: new Date(issuedS * 1000).toISOString(),
      expirationDate: new Date(expiresS * 1000).toISOString(),
    },
  }
  const header = { alg: signer.algorithm, kid: signer.keyId, typ: 'JWT' }
  const signed = `${encode(header)}.${encode(claims)}`
  return `${signed}.${base64url(await signer.sign(utf8.encode(signed)))}`
}

const encode = (value: unknown): string => base64url(utf8.encode(stringifyExactJson(value)))

function object(value: unknown, field: string): JsonObject {
  if (value === undefined || value === null) throw new InvalidInputError({ field, problem: 'is missing' })
  if (typeof value !== 'object' || Array.isArray(value))
    throw new InvalidInputError({ field, problem: 'has to be an object' })
  return value as JsonObject
}

/** Seconds since the epoch. */
function expiry(asked: unknown, nowMs: number): number {
  const latest = Math.floor(nowMs / 1000) + MAX_LIFE_S
  if (asked === undefined) return latest
  return Math.min(Math.floor(readTime(String(asked), 'credential.expirationDate', nowMs) / 1000), latest)
}
