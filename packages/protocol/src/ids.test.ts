import { describe, expect, it } from 'vitest'
import { InvalidInputError } from './errors/InvalidInputError.ts'
import { StoreUnavailableError } from './errors/StoreUnavailableError.ts'
import { W3bError } from './errors/W3bError.ts'
import { parseExactJson, stringifyExactJson } from './exactJson.ts'
import { address, hash, messageId, projectId, taskId } from './ids.ts'

describe('ids', () => {
  it('brings each into one form', () => {
    expect(projectId('18446744073709551615')).toBe(2n ** 64n - 1n)
    expect(projectId(1)).toBe(1n)
    expect(messageId('01890000-0000-7000-8000-0000000000AB')).toBe('01890000-0000-7000-8000-0000000000ab')
    expect(taskId(`0x${'AB'.repeat(32)}`)).toBe(`0x${'ab'.repeat(32)}`)
    expect(address(`0x${'AB'.repeat(20)}`)).toBe(`0x${'ab'.repeat(20)}`)
  })

  it.each([0, -1, 1.5, 2 ** 53, 0n, 2n ** 64n, '', '01', '+1', '1.0', '18446744073709551616', '1'.repeat(30)])(
    'refuses %s for a project',
    (value) => {
      expect(() => projectId(value)).toThrow(InvalidInputError)
    },
  )

  it('names the field that is wrong', () => {
    expect(() => messageId('7')).toThrow('messageId has to be a UUID')
    expect(() => taskId('0x12')).toThrow('taskId has to be 0x and 64 hex digits')
    expect(() => hash('0x12', 'configHash')).toThrow('configHash has to be')
    expect(() => address(`0x${'a'.repeat(64)}`, 'prover')).toThrow('prover has to be')
  })
})

describe('errors', () => {
  const cause = new InvalidInputError({ field: 'payload', problem: 'has 9 bytes', status: 413 })
  const error = new StoreUnavailableError({ reason: 'the disk is full', cause })

  it('walk to their cause', () => {
    expect(error.walk()).toBe(cause)
    expect(error.walk((inner) => inner instanceof InvalidInputError)).toBe(cause)
    expect(error.walk((inner) => inner instanceof TypeError)).toBeUndefined()
    expect(error.retryable).toBe(true)
  })

  it('render as JSON, bigints as digits and without the cause', () => {
    expect(cause).toMatchObject({ status: 413, name: 'InvalidInputError', code: 'INVALID_INPUT' })
    const made = new W3bError('SOME_CODE', 'It failed.', { hint: 'Retry.', meta: { nonce: 2n ** 64n }, cause })
    expect(JSON.parse(JSON.stringify(made))).toEqual({
      code: 'SOME_CODE',
      error: 'It failed.',
      hint: 'Retry.',
      meta: { nonce: '18446744073709551616' },
    })
    expect(new W3bError('A', 'b').toJSON()).toEqual({ code: 'A', error: 'b' })
  })
})

describe('exact JSON', () => {
  it('keeps the digits of integers beyond 2^53, and numbers otherwise', () => {
    const text = '{"a":[9007199254740993,-18446744073709551616,1.5,7,1e30],"b":null,"c":"9007199254740993"}'
    const value = parseExactJson(text)
    expect(value).toEqual({
      a: [9007199254740993n, -18446744073709551616n, 1.5, 7, 1e30],
      b: null,
      c: '9007199254740993',
    })
    expect(parseExactJson(stringifyExactJson(value))).toEqual(value)
    expect(stringifyExactJson({ a: undefined, b: [undefined], 'q"': true })).toBe('{"b":[null],"q\\"":true}')
  })
})
