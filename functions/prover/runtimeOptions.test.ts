import { describe, expect, it } from 'vitest'
import { runtimeOptions } from './runtimeOptions.ts'

const variables = { W3B_NATIVE: '/usr/local/bin/w3b-runtime', W3B_COMPRESSOR_KEY: 'not from here', HOME: 7 }
const runtimes = { native: true, compressor: null, external: {} }

describe('runtimeOptions', () => {
  it("starts the native runtime of the prover's image", () => {
    expect(runtimeOptions(runtimes, variables)).toEqual({
      native: { binary: '/usr/local/bin/w3b-runtime', stateDir: expect.stringMatching(/native\/state$/) },
      external: new Map(),
    })
  })

  it('has none where the deployment or the image wants none', () => {
    expect(runtimeOptions({ ...runtimes, native: false }, variables).native).toBeNull()
    expect(runtimeOptions(runtimes, { W3B_NATIVE: 'off' }).native).toBeNull()
  })

  it("asks the deployment's compressor and images, without a key", () => {
    const asked = { native: true, compressor: 'https://compress.example', external: { risc0: 'grpc://10.0.0.7:4001' } }
    expect(runtimeOptions(asked, variables)).toMatchObject({
      native: { compressor: { url: 'https://compress.example' } },
      external: new Map([['risc0', 'grpc://10.0.0.7:4001']]),
    })
    expect(runtimeOptions(asked, variables).native?.compressor).not.toHaveProperty('key')
  })
})
