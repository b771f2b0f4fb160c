import type { LambdaFunctionURLEvent } from 'aws-lambda'
import { describe, expect, it } from 'vitest'
import { eventOf } from '../testing/functionUrl.ts'
import { requestOf } from './requestOf.ts'

const URL = 'https://abc.lambda-url.us-east-1.on.aws'

const event = async (init: RequestInit = {}, path = '/v1/messages'): Promise<LambdaFunctionURLEvent> =>
  eventOf(new Request(`${URL}${path}`, init))

describe('requestOf', () => {
  it('gives back method, address, headers and body', async () => {
    const made = await event({ method: 'POST', headers: { 'x-one': '1' }, body: '{"data":"é😀"}' }, '/v1/messages?a=1')
    const { request } = requestOf(made)
    expect([request.method, request.url]).toEqual(['POST', `${URL}/v1/messages?a=1`])
    expect(request.headers.get('x-one')).toBe('1')
    expect(request.headers.get('content-length')).toBe(String(Buffer.byteLength('{"data":"é😀"}')))
    expect(await request.text()).toBe('{"data":"é😀"}')
  })

  it('takes a body as plain text, and the same in base64', async () => {
    const text = { ...(await event({ method: 'POST' })), body: '{"data":"é"}', isBase64Encoded: false }
    expect(await requestOf(text).request.text()).toBe('{"data":"é"}')
    const base64 = { ...text, body: Buffer.from('{"data":"é"}').toString('base64'), isBase64Encoded: true }
    expect(await requestOf(base64).request.text()).toBe('{"data":"é"}')
  })

  it.each(['not base64!', 'abc', 'ab=c', 'YWJj\nZGVm', 'YW=='.repeat(2)])(
    'refuses the body %j that is not the base64 that it says to be',
    async (body) => {
      const made = { ...(await event({ method: 'POST' })), body, isBase64Encoded: true }
      expect(() => requestOf(made)).toThrow(expect.objectContaining({ code: 'INVALID_INPUT', status: 400 }))
    },
  )

  it('takes no body, and an empty one, for none', async () => {
    for (const body of [undefined, '']) {
      const { body: _, ...bare } = await event({ method: 'POST' })
      const { request } = requestOf(body === undefined ? bare : { ...bare, body, isBase64Encoded: true })
      expect(request.body).toBeNull()
      expect(request.headers.has('content-length')).toBe(false)
    }
  })

  it('believes the body, and not the length that was declared for it', async () => {
    const made = await event({ method: 'POST', body: 'four' })
    made.headers['content-length'] = '9999'
    made.headers['transfer-encoding'] = 'chunked'
    const { request } = requestOf(made)
    expect([request.headers.get('content-length'), request.headers.has('transfer-encoding')]).toEqual(['4', false])
  })

  it('keeps queries with one name twice, and paths as they were sent', async () => {
    const made = await event({}, '/task?projectID=1&projectID=2&empty=&x=%20%26')
    expect(requestOf(made).request.url).toBe(`${URL}/task?projectID=1&projectID=2&empty=&x=%20%26`)
    for (const path of ['/message/%F0', '/message/a%2Fb', '//twice', '/a%20b'])
      expect(requestOf(await event({}, path)).request.url).toBe(`${URL}${path}`)
  })

  it('does not let a decoded path end before its end', async () => {
    const made = { ...(await event()), rawPath: '/message/a?b#c' }
    const { pathname, search, hash } = new globalThis.URL(requestOf(made).request.url)
    expect([pathname, search, hash]).toEqual(['/message/a%3Fb%23c', '', ''])
  })

  it('keeps headers with several values, and cookies', async () => {
    const made = await event({ headers: { accept: 'a/b, c/d', cookie: 'one=1; two=2' } })
    expect(made.cookies).toEqual(['one=1', 'two=2'])
    const { headers } = requestOf(made).request
    expect([headers.get('accept'), headers.get('cookie')]).toEqual(['a/b, c/d', 'one=1; two=2'])
  })

  it('names the host that the caller used', async () => {
    expect(new globalThis.URL(requestOf(await event(), 'w3b.example').request.url).host).toBe('w3b.example')
    const { host: _, ...headers } = (await event()).headers
    expect(requestOf({ ...(await event()), headers }).request.url).toBe(`${URL}/v1/messages`)
  })

  it('hands over the body of a GET, up to a bound', async () => {
    const get = { ...(await event()), body: Buffer.from('{"taskID":1}').toString('base64'), isBase64Encoded: true }
    expect(requestOf(get)).toMatchObject({ getBody: '{"taskID":1}', request: { body: null } })
    const big = { ...get, body: Buffer.alloc(20_000, 'x').toString('base64') }
    expect(() => requestOf(big)).toThrow(expect.objectContaining({ status: 413 }))
  })

  it.each([
    ['header', { headers: { 'x-bad': 'a\nb' } }],
    ['header name', { headers: { 'bad name': 'x' } }],
    ['host', { headers: { host: 'a b' } }],
  ])('refuses a %s that HTTP has no place for', async (_, change) => {
    const made = await event()
    expect(() => requestOf({ ...made, headers: { ...made.headers, ...change.headers } })).toThrow(
      expect.objectContaining({ code: 'INVALID_INPUT' }),
    )
  })
})
