import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readEvents, type ServerEvent } from './readEvents.ts'

async function* chunks(texts: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield new TextEncoder().encode(text)
}
async function gathered(stream: AsyncIterable<Uint8Array>): Promise<ServerEvent[]> {
  const events: ServerEvent[] = []
  for await (const event of readEvents(stream)) events.push(event)
  return events
}
const all = (texts: readonly string[]) => gathered(chunks(texts))

describe('readEvents', () => {
  it('reads ids, names and data, and passes over comments and what it does not know', async () => {
    const text =
      ': hello\n\nid: 1\nevent: packed\ndata: {"a":1}\n\nretry: 10\ndata:x\ndata: y\n\ndata\n\nevent: none\n\n'
    expect(await all([text])).toEqual([
      { id: '1', event: 'packed', data: '{"a":1}' },
      { id: '1', event: 'message', data: 'x\ny' },
      { id: '1', event: 'message', data: '' },
    ])
  })

  it('gives the same events however the stream is cut, and with any line ends', async () => {
    const lines = ['id: 1', 'data: ä€😀', '', 'id: 2', 'event: e', 'data: b', 'data: c', '', '']
    const expected = [
      { id: '1', event: 'message', data: 'ä€😀' },
      { id: '2', event: 'e', data: 'b\nc' },
    ]
    await fc.assert(
      fc.asyncProperty(fc.constantFrom('\n', '\r\n'), fc.array(fc.nat(80), { maxLength: 6 }), async (end, cuts) => {
        const bytes = new TextEncoder().encode(lines.join(end))
        const at = [0, ...cuts.map((cut) => Math.min(cut, bytes.length)).sort((a, b) => a - b), bytes.length]
        async function* parts() {
          for (let i = 1; i < at.length; i++) yield bytes.subarray(at[i - 1], at[i])
        }
        expect(await gathered(parts())).toEqual(expected)
      }),
    )
  })

  it('does not give an event that was cut short', async () => {
    expect(await all(['data: a\n\ndata: b\n'])).toEqual([{ id: null, event: 'message', data: 'a' }])
  })

  it('refuses an endless line', async () => {
    await expect(all(['data: ', 'x'.repeat(1024 * 1024 + 1)])).rejects.toThrow(RangeError)
  })
})
