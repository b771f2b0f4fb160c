import { expect, it } from 'vitest'
import { readJson } from './readJson.ts'

it('reads JSON, and takes all else for none', () => {
  expect(readJson('{"a":[1,"2"]}')).toEqual({ a: [1, '2'] })
  expect([readJson(''), readJson('{"a":'), readJson('0xab')]).toEqual([undefined, undefined, undefined])
})

it('reads a long text, and none of too many values', () => {
  const long = 'ab'.repeat(2 ** 22)
  expect(readJson(JSON.stringify({ proof: long }))).toEqual({ proof: long })
  for (const value of ['0', '{}', '[]']) expect(readJson(`[${`${value},`.repeat(2 ** 22)}0]`)).toBeUndefined()
  expect(readJson('['.repeat(2 ** 23))).toBeUndefined()
})
