import { createPublicKey, generateKeyPairSync, verify } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { post } from '../testing/send.ts'
import { startTestServer, type TestServer } from '../testing/startTestServer.ts'
import { es256CredentialSigner } from './es256CredentialSigner.ts'

const newKey = () => {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  return { pkcs8: Uint8Array.from(privateKey.export({ type: 'pkcs8', format: 'der' })), publicKey }
}

const request = {
  credential: {
    '@context': ['https://www.w3.org/2018/credentials/v1'],
    type: ['VerifiableCredential'],
    credentialSubject: { id: 'did:io:0x9d9250fb4e08ba7a858fe7196a6ba946c6083ff0', role: 'sensor' },
  },
  options: { proofFormat: 'jwt' },
}

describe('POST /sign_credential', () => {
  const { pkcs8, publicKey } = newKey()
  let server: TestServer
  const issue = async (body: unknown): Promise<string> => {
    const answer = await post(`${server.url}/sign_credential`, body)
    expect(answer.status).toBe(200)
    return (answer.json as { verifiableCredential: string }).verifiableCredential
  }
  const sendWith = (authorization: string) =>
    post(`${server.url}/message`, { projectID: 1, projectVersion: '0.1', data: 'x' }, { authorization })

  beforeAll(async () => {
    server = await startTestServer({}, { credentialSigner: await es256CredentialSigner(pkcs8) })
    await server.road.project(1n, [{ version: '0.1' }])
  })
  afterAll(() => server.stop())

  it('issues a credential as a JWT whose issuer holds its own key', async () => {
    const jwt = await issue(request)
    const [header = '', claims = '', signature = ''] = jwt.split('.')
    const parse = (part: string) => JSON.parse(Buffer.from(part, 'base64url').toString())
    const now = Math.floor(server.clock.at / 1000)
    expect(parse(claims)).toMatchObject({
      sub: request.credential.credentialSubject.id,
      nbf: now,
      exp: now + 30 * 24 * 3600,
      vc: { ...request.credential, issuer: parse(claims).iss },
    })
    expect(parse(header)).toEqual({ alg: 'ES256', kid: `${parse(claims).iss}#0`, typ: 'JWT' })
    const jwk = parse(String(parse(claims).iss).slice('did:jwk:'.length))
    const key = createPublicKey({ key: jwk, format: 'jwk' })
    expect(key.equals(publicKey)).toBe(true)
    const signed = Buffer.from(`${header}.${claims}`)
    expect(verify('sha256', signed, { key, dsaEncoding: 'ieee-p1363' }, Buffer.from(signature, 'base64url'))).toBe(true)
  })

  it('keeps integers beyond 2^53 digit for digit', async () => {
    const subject = '{"id":"did:io:x","serial":18446744073709551615,"parts":[{"lot":-9007199254740993}],"at":1.5}'
    const jwt = await issue(`{"credential":{"credentialSubject":${subject}}}`)
    const claims = Buffer.from(jwt.split('.')[1] ?? '', 'base64url').toString()
    expect(claims).toContain(`"credentialSubject":${subject}`)
    expect((await sendWith(jwt)).status).toBe(200)
  })

  it('refuses a credential that is nested too deeply', async () => {
    const deep = `${'['.repeat(20_000)}${']'.repeat(20_000)}`
    const answer = await post(
      `${server.url}/sign_credential`,
      `{"credential":{"credentialSubject":{"a":1.5,"b":${deep}}}}`,
    )
    expect(answer.status).toBe(400)
  })

  it('lets the holder post under it until it is over, each holder for itself', async () => {
    const expirationDate = new Date(server.clock.at + 3_600_000).toISOString()
    const jwt = await issue({ credential: { ...request.credential, expirationDate } })
    for (const form of [jwt, `Bearer ${jwt}`]) expect((await sendWith(form)).status).toBe(200)
    const other = await issue(request)
    const keyed = async (authorization: string, data: string) =>
      post(
        `${server.url}/message`,
        { projectID: 1, projectVersion: '0.1', data },
        { authorization, 'idempotency-key': 'same' },
      )
    expect([(await keyed(jwt, 'a')).status, (await keyed(other, 'b')).status]).toEqual([200, 200])
    expect((await keyed(jwt, 'b')).status).toBe(409)
    server.clock.at += 3_600_000
    expect((await sendWith(jwt)).status).toBe(401)
  })

  it('refuses a credential that was changed, is of another key, or claims no signature', async () => {
    const jwt = await issue(request)
    const [header, claims = '', signature] = jwt.split('.')
    const changed = Buffer.from(claims, 'base64url').toString().replace('sensor', 'master')
    const none = Buffer.from('{"alg":"none"}').toString('base64url')
    const foreign = await startTestServer({}, { credentialSigner: await es256CredentialSigner(newKey().pkcs8) })
    try {
      const theirs = (await post(`${foreign.url}/sign_credential`, request)).json as { verifiableCredential: string }
      for (const bad of [
        `${header}.${Buffer.from(changed).toString('base64url')}.${signature}`,
        `${none}.${claims}.`,
        `${header}.${claims}.${signature}.x`,
        `${header}.${claims}.!!`,
        theirs.verifiableCredential,
      ])
        expect((await sendWith(bad)).status).toBe(401)
    } finally {
      await foreign.stop()
    }
  })

  it('gives no scope of a token', async () => {
    const answer = await post(`${server.url}/v1/tokens`, {}, { authorization: await issue(request) })
    expect(answer.status).toBe(401)
  })

  it.each([
    ['credential', {}],
    ['credential', { credential: 'x' }],
    ['credentialSubject', { credential: {} }],
    ['credentialSubject', { credential: { credentialSubject: [] } }],
    ['proofFormat', { ...request, options: { proofFormat: 'ldp' } }],
    ['options', { ...request, options: 1 }],
    ['expirationDate', { credential: { ...request.credential, expirationDate: 'soon' } }],
    ['expirationDate', { credential: { ...request.credential, expirationDate: '2020-01-01T00:00:00Z' } }],
  ])('names %s when it is missing or wrong (%#)', async (field, body) => {
    const answer = await post(`${server.url}/sign_credential`, body)
    expect([answer.status, answer.json]).toEqual([400, { error: expect.stringContaining(field) }])
  })

  it('says so where no key is configured', async () => {
    const bare = await startTestServer()
    try {
      const answer = await post(`${bare.url}/sign_credential`, request)
      expect([answer.status, answer.json]).toEqual([501, { error: 'Issuing credentials is not configured here.' }])
    } finally {
      await bare.stop()
    }
  })
})
