import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { xraySender } from './xraySender.ts'

const options = {
  region: 'eu-west-1',
  credentials: async () => ({ accessKeyId: 'AKID', secretAccessKey: 'secret', sessionToken: 'session' }),
}

async function xray(status = 200) {
  const calls: { path: string | undefined; authorization: string | undefined; documents: string[] }[] = []
  const server = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += String(chunk)
    const { url: path, headers } = request
    calls.push({ path, authorization: headers.authorization, documents: JSON.parse(body).TraceSegmentDocuments })
    response.writeHead(status).end('{}')
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  const { port } = server.address() as AddressInfo
  return { calls, variables: { AWS_ENDPOINT_URL_XRAY: `http://127.0.0.1:${port}` } }
}

describe('xraySender', () => {
  it('posts signed documents, fifty a call', async () => {
    const { calls, variables } = await xray()
    const documents = Array.from({ length: 51 }, (_, i) => `{"id":"${i}"}`)
    await xraySender(options, variables)?.(documents)
    expect(calls.map(({ path, documents: { length } }) => [path, length])).toEqual([
      ['/TraceSegments', 50],
      ['/TraceSegments', 1],
    ])
    expect(calls[0]?.documents).toEqual(documents.slice(0, 50))
    expect(calls[0]?.authorization).toMatch(/^AWS4-HMAC-SHA256 Credential=AKID\/\d{8}\/eu-west-1\/xray\/aws4_request/)
  })

  it('says when X-Ray refuses', async () => {
    const { variables } = await xray(403)
    await expect(xraySender(options, variables)?.(['{}'])).rejects.toThrow('X-Ray answered 403')
  })

  it('sends nothing to AWS from where everything else is an emulator', () => {
    expect(xraySender({ ...options, endpoints: { dynamodb: 'http://127.0.0.1:8000' } })).toBeNull()
    expect(xraySender(options)).toBeTypeOf('function')
  })
})
