import type { KeySpec } from '@aws-sdk/client-kms'
import { signerSuite } from '@w3bstream/core/ports/suites'
import { BadSignatureError, hash, InvalidConfigError } from '@w3bstream/protocol'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { AwsOptions } from '../calls/AwsOptions.ts'
import { createKmsKey, type Emulator, FaultProxy, putSecret, startMoto } from '../testing/index.ts'
import { AwsUnavailableError } from './AwsUnavailableError.ts'
import { KmsSigner } from './KmsSigner.ts'
import { readParameter } from './readParameter.ts'
import { sdkKms } from './sdkKms.ts'
import { sdkSsm } from './sdkSsm.ts'

const DIGEST = hash(`0x${'5a'.repeat(32)}`)

describe('keys and parameters of AWS', () => {
  let emulator: Emulator
  let proxy: FaultProxy
  let options: AwsOptions
  beforeAll(async () => {
    emulator = await startMoto()
    proxy = await FaultProxy.start(emulator)
    options = {
      region: 'us-east-1',
      credentials: async () => ({ accessKeyId: 'test', secretAccessKey: 'test' }),
      endpoints: { kms: proxy.url, ssm: proxy.url },
      retryDelayMs: 10,
    }
  }, 300_000)
  afterAll(async () => {
    await proxy?.stop()
    await emulator?.stop()
  })
  beforeEach(() => proxy.clear())

  const createKey = (spec?: KeySpec) => createKmsKey(options, spec)
  const open = async (): Promise<KmsSigner> => KmsSigner.open({ kms: sdkKms(options) }, await createKey())

  describe('KmsSigner', () => {
    signerSuite(open)

    it('has the address of its key, the same each time', async () => {
      const keyId = await createKey()
      const kms = sdkKms(options)
      const [first, second] = [await KmsSigner.open({ kms }, keyId), await KmsSigner.open({ kms }, keyId)]
      expect(first.address).toBe(second.address)
      expect((await open()).address).not.toBe(first.address)
    })

    it('asks KMS once a signature, and again only where it was throttled, failed or did not answer', async () => {
      const signer = await open()
      proxy.clear()
      await signer.sign(DIGEST)
      expect(proxy.count('Sign', 'GetPublicKey')).toBe(1)
      proxy.inject({ operation: 'Sign', fault: { type: 'throttle' }, times: 1 })
      proxy.inject({ operation: 'Sign', fault: { type: 'error', code: 'KMSInternalException' }, times: 1 })
      proxy.inject({ operation: 'Sign', fault: { type: 'drop', when: 'after' }, times: 1 })
      await signer.sign(DIGEST)
      expect(proxy.count('Sign')).toBe(5)
    })

    it('says that KMS is away, and that it may sign later', async () => {
      const signer = await open()
      const down = proxy.inject({ operation: 'Sign', fault: { type: 'error', status: 503, code: 'Unavailable' } })
      const error = await signer.sign(DIGEST).catch((cause: unknown) => cause)
      expect(error).toBeInstanceOf(AwsUnavailableError)
      expect(error).toMatchObject({ retryable: true, code: 'AWS_UNAVAILABLE' })
      expect(down.hits()).toBe(5)
    })

    it('does not sign where it is refused, does not try again at once, and says that it may sign later', async () => {
      const keyId = await createKey()
      const signer = await KmsSigner.open({ kms: sdkKms(options) }, keyId)
      for (const code of ['DisabledException', 'AccessDeniedException']) {
        proxy.clear()
        proxy.inject({ operation: 'Sign', fault: { type: 'error', status: 400, code } })
        await expect(signer.sign(DIGEST)).rejects.toMatchObject({ code: 'AWS_UNAVAILABLE', retryable: true })
        expect(proxy.count('Sign')).toBe(1)
      }
    })

    it('refuses keys of other kinds, and names one that is not there', async () => {
      const kms = sdkKms(options)
      await expect(KmsSigner.open({ kms }, await createKey('ECC_NIST_P256'))).rejects.toThrow(/not a secp256k1/)
      await expect(KmsSigner.open({ kms }, await createKey('RSA_2048'))).rejects.toThrow(InvalidConfigError)
      const missing = '00000000-0000-4000-8000-000000000000'
      await expect(KmsSigner.open({ kms }, missing)).rejects.toThrow(missing)
    })

    it('gives out no signature that another key made', async () => {
      const [one, other] = [await createKey(), await createKey()]
      const kms = sdkKms(options)
      const swapped = { ...kms, sign: (_: string, digest: Uint8Array) => kms.sign(other, digest) }
      const signer = await KmsSigner.open({ kms: swapped }, one)
      await expect(signer.sign(DIGEST)).rejects.toThrow(BadSignatureError)
    })
  })

  describe('readParameter', () => {
    it('reads a secret, and says which one is missing or not to be had', async () => {
      const ssm = sdkSsm(options)
      await putSecret(options, '/w3b/rpc', '{"1":[]}')
      expect(await readParameter(ssm, '/w3b/rpc')).toBe('{"1":[]}')
      await expect(readParameter(ssm, '/w3b/none')).rejects.toThrow('/w3b/none is missing')
      proxy.inject({ operation: 'GetParameter', fault: { type: 'throttle' }, times: 2 })
      expect(await readParameter(ssm, '/w3b/rpc')).toBe('{"1":[]}')
      proxy.inject({ operation: 'GetParameter', fault: { type: 'error', status: 400, code: 'AccessDeniedException' } })
      const error = await readParameter(ssm, '/w3b/rpc').catch((cause: unknown) => cause)
      expect(error).toBeInstanceOf(AwsUnavailableError)
      expect(error).toMatchObject({ message: expect.stringContaining('/w3b/rpc'), retryable: true })
    })
  })
})
