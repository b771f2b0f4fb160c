import { describe, expect, it } from 'vitest'
import { parseTraceparent } from './parseTraceparent.ts'

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736'

describe('parseTraceparent', () => {
  it.each([
    `00-${TRACE}-00f067aa0ba902b7-01`,
    ` 00-${TRACE}-00f067aa0ba902b7-00 `,
    `cc-${TRACE}-00f067aa0ba902b7-01-what-the-future-brings`,
  ])('reads the trace id of %j', (header) => {
    expect(parseTraceparent(header)).toBe(TRACE)
  })

  it.each([
    null,
    undefined,
    '',
    TRACE,
    `ff-${TRACE}-00f067aa0ba902b7-01`,
    `00-${TRACE}-00f067aa0ba902b7-01-more`,
    `00-${TRACE.toUpperCase()}-00f067aa0ba902b7-01`,
    `00-${'0'.repeat(32)}-00f067aa0ba902b7-01`,
    `00-${TRACE}-${'0'.repeat(16)}-01`,
    `cc-${TRACE}-00f067aa0ba902b7-01-${'x'.repeat(300)}`,
  ])('passes over %j', (header) => {
    expect(parseTraceparent(header)).toBeNull()
  })
})
