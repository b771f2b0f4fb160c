import { resolve } from 'node:path'
import { InvalidInputError } from '@w3bstream/protocol'
import { describe, expect, it } from 'vitest'
import { findNative } from './findNative.ts'

describe('findNative', () => {
  it('looks where it is built', () => {
    expect(findNative({ XDG_CACHE_HOME: '/cache' })).toEqual({
      binary: '/cache/w3bstream/native/bin/w3b-runtime',
      stateDir: '/cache/w3bstream/native/state',
    })
    expect(findNative({})?.binary).toMatch(/\/\.cache\/w3bstream\/native\/bin\/w3b-runtime$/)
  })

  it('takes the binary that W3B_NATIVE names', () => {
    expect(findNative({ W3B_NATIVE: '/opt/w3b-runtime' })?.binary).toBe('/opt/w3b-runtime')
  })

  it.each(['', 'off'])('finds none where W3B_NATIVE is “%s”', (value) => {
    expect(findNative({ W3B_NATIVE: value })).toBeNull()
  })

  it('takes over who compresses, and the SRS with its hash', () => {
    const variables = { W3B_COMPRESSOR_URL: 'https://c.example', W3B_COMPRESSOR_KEY: 'k', W3B_SRS: '/srs' }
    expect(findNative({ ...variables, W3B_SRS_SHA256: 'ab' })).toMatchObject({
      compressor: { url: 'https://c.example', key: 'k' },
      srs: { file: '/srs', sha256: 'ab' },
    })
    expect(findNative({})).not.toHaveProperty('srs')
  })

  it('reads paths from where the node runs: the runtime has a folder of its own', () => {
    const relative = {
      W3B_NATIVE: 'bin/w3b-runtime',
      W3B_SRS: 'ceremony.srs',
      W3B_SRS_SHA256: 'ab',
      XDG_CACHE_HOME: 'c',
    }
    expect(findNative(relative)).toMatchObject({
      binary: resolve('bin/w3b-runtime'),
      stateDir: resolve('c/w3bstream/native/state'),
      srs: { file: resolve('ceremony.srs') },
    })
  })

  it('refuses an SRS without its hash: in its place, anyone’s forgeries would be taken', () => {
    expect(() => findNative({ W3B_SRS: '/srs' })).toThrow(InvalidInputError)
    expect(() => findNative({ W3B_SRS: '/srs', W3B_SRS_SHA256: '' })).toThrow('W3B_SRS_SHA256')
    expect(findNative({ W3B_SRS: '/srs', W3B_NATIVE: 'off' })).toBeNull()
  })
})
