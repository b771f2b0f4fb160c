import { describe, expect, it } from 'vitest'
import { projectId } from './ids.ts'
import { legacySigningDigests } from './legacySigningDigests.ts'
import { keccak256 } from './typedData.ts'

const digestOf = (json: string) => keccak256(new TextEncoder().encode(json))
const digests = (data: string, id = 1n, version = '0.1') =>
  legacySigningDigests({ projectId: projectId(id), version, data })

describe('legacySigningDigests', () => {
  it('takes the compact JSON in the order of the API', () => {
    expect(digests('{"a":1}')).toEqual([
      digestOf(String.raw`{"projectID":1,"projectVersion":"0.1","data":"{\"a\":1}"}`),
    ])
  })

  it('keeps the digits of a project id beyond 2^53', () => {
    expect(digests('x', 2n ** 64n - 1n)).toEqual([
      digestOf('{"projectID":18446744073709551615,"projectVersion":"0.1","data":"x"}'),
    ])
  })

  it('escapes what Go escapes', () => {
    const [first] = digests('<a href="x">&\u2028\u2029\u007f\u0001\n\r\t\\u003c é€😀', 1n, '<')
    expect(first).toBe(
      digestOf(
        String.raw`{"projectID":1,"projectVersion":"\u003c","data":"\u003ca href=\"x\"\u003e\u0026\u2028\u2029${'\u007f'}\u0001\n\r\t\\u003c é€😀"}`,
      ),
    )
  })

  it('puts U+FFFD for an unpaired surrogate', () => {
    expect(digests('a\ud800b\udc00')).toEqual(digests('a\ufffdb\ufffd'))
  })

  it('adds the escapes that older versions of Go wrote, where they differ', () => {
    expect(digests('\b\f\\b')).toEqual([
      digestOf(String.raw`{"projectID":1,"projectVersion":"0.1","data":"\b\f\\b"}`),
      digestOf(String.raw`{"projectID":1,"projectVersion":"0.1","data":"\u0008\u000c\\b"}`),
    ])
  })
})
