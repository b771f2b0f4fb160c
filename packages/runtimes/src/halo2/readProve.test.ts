import { ProgramError } from '@w3bstream/protocol'
import { describe, expect, it } from 'vitest'
import { readProve } from './readProve.ts'

describe('readProve', () => {
  it.each([
    ['hex with 0x', '0xC0ffEE', Uint8Array.of(0xc0, 0xff, 0xee)],
    ['hex without', 'c0ffee', Uint8Array.of(0xc0, 0xff, 0xee)],
    ['JSON with a proof in hex', '{"proof":"0x0102","x":1}', Uint8Array.of(1, 2)],
    ['other JSON', '[1]', new TextEncoder().encode('[1]')],
    ['JSON whose proof is no hex', '{"proof":"€"}', new TextEncoder().encode('{"proof":"€"}')],
    ['any text', 'done', new TextEncoder().encode('done')],
  ])('reads %s', (_what, raw, proof) => {
    expect(readProve(raw)).toEqual({ proof, outputs: '0x', publicInputs: [], raw, checkedBy: null })
  })

  it('refuses an empty text', () => {
    expect(() => readProve('')).toThrow(ProgramError)
  })
})
