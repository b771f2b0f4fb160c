import { expect, it } from 'vitest'
import { statistics } from './statistics.ts'

const words = (...values: readonly number[]) =>
  `0x${values.map((value) => value.toString(16).padStart(64, '0')).join('')}` as const

it('gives degrees and times for what a proof gives', () => {
  expect(statistics(words(11, 12, 2, 1228, 614, 614, 1_790_000_000, 1_790_000_060))).toEqual({
    keysRoot: `0x${'0'.repeat(63)}b`,
    scope: 12n,
    count: 2,
    mean: 21.4,
    min: 21.4,
    max: 21.4,
    firstTime: 1_790_000_000,
    lastTime: 1_790_000_060,
  })
})

it('refuses what no proof can have given', () => {
  expect(() => statistics(words(1, 2, 3, 4, 5, 6, 7))).toThrow(RangeError)
  expect(() => statistics(words(1, 2, 0, 0, 0, 0, 0, 0))).toThrow(RangeError)
  expect(() => statistics(`0x${'f'.repeat(512)}`)).toThrow(RangeError)
})
