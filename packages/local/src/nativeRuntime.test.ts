import { expect, it } from 'vitest'
import { nativeRuntime } from './nativeRuntime.ts'

it('says where the native runtime is, or why there is none and what to do', () => {
  expect(nativeRuntime({ W3B_NATIVE: process.execPath })).toEqual({ binary: process.execPath, missing: null })
  expect(nativeRuntime({ W3B_NATIVE: 'off' })).toMatchObject({
    binary: null,
    missing: expect.stringMatching(/^W3B_NATIVE switches/),
  })
  expect(nativeRuntime({ W3B_NATIVE: '/no/such' }).missing).toMatch(/names \/no\/such, which is not there/)
  expect(nativeRuntime({ XDG_CACHE_HOME: '/no/such' }).missing).toMatch(/npm run build:native/)
})
