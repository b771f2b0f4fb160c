import { sha256 } from '@noble/hashes/sha2.js'
import { address, fromHex, hash, messageDigest, projectId, toHex, verifyDeviceSignature } from '@w3bstream/protocol'
import { KeySet, keyOfDevice, scopeOf, signReading } from '@w3bstream/sdk'
import { expect, it } from 'vitest'
import { circuitPayload, guestPayload } from './readings.ts'

const audience = {
  domain: { chainId: 31_337n, verifyingContract: address(`0x${'5a'.repeat(20)}`) },
  projectId: projectId(7),
}
const reading = { temperature: 21.4, time: 1_790_000_000 }
const secret = new Uint8Array(32).fill(7)

it('gives the circuit a reading with all that it checks', () => {
  const { publicKey } = keyOfDevice('secp256k1', secret)
  const keys = KeySet.forCircuit([publicKey])
  const scope = scopeOf(audience.domain, audience.projectId)
  expect(JSON.parse(circuitPayload(reading, { secret, publicKey }, audience, { keys, index: 0 }))).toEqual({
    ...reading,
    scope: `0x${scope.toString(16).padStart(64, '0')}`,
    key: `0x04${toHex(publicKey).slice(2)}`,
    // u of 21.4 degrees: 10 x 21.4 + 400.
    signature: signReading(secret, scope, [1_790_000_000n, 614n]),
    index: 0,
    path: keys.path(0),
  })
})

it('gives the guest a reading that its device signed as a message', async () => {
  for (const type of ['ed25519', 'p256'] as const) {
    const device = keyOfDevice(type, secret)
    const keys = KeySet.forGuest([{ type, publicKey: device.publicKey }])
    const nonce = { version: '0.1', nonce: 9n }
    const payload = JSON.parse(await guestPayload(reading, device, audience, { keys, index: 0 }, nonce))
    expect(payload).toMatchObject({ algorithm: type, key: toHex(device.publicKey), index: 0, path: keys.path(0) })
    expect(JSON.parse(payload.reading)).toEqual(reading)
    const payloadHash = hash(toHex(sha256(new TextEncoder().encode(payload.reading))))
    const fields = { ...nonce, projectId: audience.projectId, device: payload.device, payloadHash }
    const digest = messageDigest(audience.domain, fields)
    await verifyDeviceSignature({ did: payload.device, digest, signature: fromHex(payload.signature) })
  }
})

it('signs nothing that would be refused', async () => {
  const device = keyOfDevice('p256', secret)
  const keys = KeySet.forGuest([{ type: 'p256', publicKey: device.publicKey }])
  for (const wrong of [{ temperature: 60.1 }, { temperature: 1.25 }, { time: -1 }, { time: 1.5 }])
    await expect(
      guestPayload({ ...reading, ...wrong }, device, audience, { keys, index: 0 }, { version: '1', nonce: 1n }),
    ).rejects.toThrow(/has to lie|decimal places/)
})
