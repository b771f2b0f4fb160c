import { sha256 } from '@noble/hashes/sha2.js'
import { type KeyOfDevice, KeySet, keyOfDevice } from '@w3bstream/sdk'

/** How a project checks its devices' signatures: in the circuit, or in the guest. */
export type Kind = 'circuit' | 'guest'

/** A device of the example, with its place in the project's set of keys. */
export interface ExampleDevice {
  readonly key: KeyOfDevice
  readonly secret: Uint8Array
  readonly index: number
}

/**
 * Two devices and the set of their keys, for trying the example out: secp256k1 keys for the circuit, an ed25519 and a P-256 key for the guest.
 *
 * Their secrets are in this file, so **anyone can sign for them**. A project makes its set of its own devices' public keys.
 */
export function exampleDevices(kind: Kind): { readonly devices: readonly ExampleDevice[]; readonly keys: KeySet } {
  const types = kind === 'circuit' ? (['secp256k1', 'secp256k1'] as const) : (['ed25519', 'p256'] as const)
  const devices = types.map((type, index) => {
    const secret = sha256(new TextEncoder().encode(`W3bstream signed-readings, device ${index} for a ${kind}`))
    return { key: keyOfDevice(type, secret), secret, index }
  })
  const publicKeys = devices.map(({ key }) => key)
  const keys =
    kind === 'circuit'
      ? KeySet.forCircuit(publicKeys.map(({ publicKey }) => publicKey))
      : KeySet.forGuest(
          publicKeys.flatMap(({ type, publicKey }) => (type === 'secp256k1' ? [] : [{ type, publicKey }])),
        )
  return { devices, keys }
}
