import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { encodeFrame, FrameReader } from './frames.ts'

const LIMITS = { headerBytes: 10_000, bodyBytes: 10_000 }

describe('frames', () => {
  it('come out as they went in, however the pipe cuts them', () => {
    const frame = fc.record({
      header: fc.dictionary(fc.string(), fc.string()),
      body: fc.uint8Array({ maxLength: 300 }),
    })
    fc.assert(
      fc.property(fc.array(frame, { maxLength: 5 }), fc.integer({ min: 1, max: 50 }), (frames, step) => {
        const all = Buffer.concat(frames.map(({ header, body }) => encodeFrame(header, body)))
        const reader = new FrameReader(LIMITS)
        const read = []
        for (let at = 0; at < all.length; at += step) read.push(...reader.push(all.subarray(at, at + step)))
        expect(read.map(({ header, body }) => ({ header, body: Uint8Array.from(body) }))).toEqual(
          frames.map(({ header, body }) => ({ header: { ...header }, body })),
        )
      }),
    )
  })

  it.each([
    ['header', encodeFrame('x'.repeat(10_000))],
    ['body', encodeFrame({}, new Uint8Array(10_001))],
  ])('are refused by the prefix alone when their %s is too large', (_part, frame) => {
    expect(() => new FrameReader(LIMITS).push(frame.subarray(0, 8))).toThrow(RangeError)
  })
})
