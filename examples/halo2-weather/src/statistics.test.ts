import { expect, it } from 'vitest'
import { statistics } from './statistics.ts'

const words = (...values: readonly number[]) =>
  `0x${values.map((value) => value.toString(16).padStart(64, '0')).join('')}` as const

it('gives degrees for what the circuit gives', () => {
  expect(statistics(words(3, 1404, 370, 528))).toEqual({ count: 3, mean: 6.8, min: -3, max: 12.8 })
})

it('refuses what the circuit cannot have given', () => {
  expect(() => statistics(words(3, 1404, 370))).toThrow(RangeError)
  expect(() => statistics(words(0, 0, 0, 0))).toThrow(RangeError)
  expect(() => statistics(`0x${'f'.repeat(256)}`)).toThrow(RangeError)
})
