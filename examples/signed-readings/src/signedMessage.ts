import type { KeySet } from '@w3bstream/sdk'
import { type SignedMessage, signMessage } from '@w3bstream/sdk'
import type { ExampleDevice, Kind } from './devices.ts'
import { type Audience, circuitPayload, guestPayload, type Reading } from './readings.ts'

/** What `POST /v1/messages` takes. */
export interface PostedMessage extends SignedMessage {
  readonly projectId: string
  readonly data: string
}

/**
 * A reading as its device posts it. It is signed twice: what the proof opens is signed for the circuit or the guest, and the whole message for the entrance, which
 * takes nothing from strangers and no nonce twice.
 */
export async function signedMessage(
  kind: Kind,
  reading: Reading,
  device: ExampleDevice,
  keys: KeySet,
  audience: Audience,
  use: { readonly version: string; readonly nonce: bigint },
): Promise<PostedMessage> {
  const place = { keys, index: device.index }
  const data =
    kind === 'circuit'
      ? circuitPayload(reading, { secret: device.secret, publicKey: device.key.publicKey }, audience, place)
      : await guestPayload(reading, device.key, audience, place, use)
  const { domain, projectId } = audience
  const signed = await signMessage(device.key, domain, { projectId, ...use, payload: data })
  return { projectId: projectId.toString(), data, ...signed }
}
