import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { readOlderResult } from '../external/readOlderResult.ts'
import type { GuestProof } from './checkGuestProof.ts'
import { olderReceiptText } from './olderReceiptText.ts'

const IMAGE_ID = new Uint8Array(32).fill(7)
const JOURNAL = Uint8Array.of(1, 2, 255)
const SEAL = Uint8Array.from({ length: 260 }, (_, i) => [0x73, 0xc4, 0x57, 0xba][i] ?? i % 251)

describe('olderReceiptText', () => {
  it.each<GuestProof>([
    { kind: 'composite', proof: Uint8Array.of(9, 8, 7), journal: JOURNAL },
    { kind: 'groth16', proof: SEAL, journal: JOURNAL },
  ])('writes what is read again as the very same $kind receipt', (proof) => {
    const { guest } = readOlderResult(Buffer.from(olderReceiptText(proof, IMAGE_ID)), 'risc0')
    expect(guest?.kind).toBe(proof.kind)
    expect([...(guest?.proof ?? [])]).toEqual([...proof.proof])
    expect([...(guest?.journal ?? [])]).toEqual([...JOURNAL])
  })

  it('names the program, and the state in which a guest ends', () => {
    const text = (kind: GuestProof['kind']) =>
      JSON.parse(olderReceiptText({ kind, proof: SEAL, journal: JOURNAL }, IMAGE_ID))
    expect(text('composite').Stark.imageId).toBe(`0x${'07'.repeat(32)}`)
    const sha256 = (bytes: Uint8Array | string) => createHash('sha256').update(bytes).digest()
    const ended = sha256(
      Buffer.concat([sha256('risc0.SystemState'), Buffer.alloc(32), Buffer.alloc(4), Buffer.of(1, 0)]),
    )
    expect(text('groth16').Snark.post_state_digest).toEqual([...ended])
  })
})
