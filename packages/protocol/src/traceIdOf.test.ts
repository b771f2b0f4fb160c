import { keccak256, stringToBytes } from 'viem'
import { describe, expect, it } from 'vitest'
import { fromHex } from './Hex.ts'
import { messageId } from './ids.ts'
import { traceIdOf } from './traceIdOf.ts'

describe('traceIdOf', () => {
  const id = messageId('01933b6a-6c1e-7a31-8f8c-2f6f0a1b2c3d')

  it('is a W3C trace id that follows from the message id, and does not show it', () => {
    const bytes = fromHex('0x01933b6a6c1e7a318f8c2f6f0a1b2c3d')
    const whole = keccak256(Uint8Array.from([...stringToBytes('W3bstream-trace-v1'), ...bytes]))
    expect(traceIdOf(id)).toMatch(/^[0-9a-f]{32}$/)
    expect(traceIdOf(id)).toBe(whole.slice(2, 34))
    expect(traceIdOf(bytes)).toBe(traceIdOf(id))
  })

  it('differs for neighbours', () => {
    expect(traceIdOf(messageId('01933b6a-6c1e-7a31-8f8c-2f6f0a1b2c3e'))).not.toBe(traceIdOf(id))
  })
})
