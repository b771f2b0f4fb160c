import { networkInterfaces } from 'node:os'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Emulator } from './Emulator.ts'
import { hasSecurityManager } from './hasSecurityManager.ts'
import { startDynamo } from './startDynamo.ts'

describe('startDynamo', () => {
  let emulator: Emulator
  beforeAll(async () => {
    emulator = await startDynamo()
  })
  afterAll(() => emulator?.stop())

  it('answers this machine by 127.0.0.1, and nobody by another address where Java can see to that', async () => {
    expect((await fetch(emulator.url)).status).toBe(400)
    if (!hasSecurityManager()) return
    const others = Object.values(networkInterfaces()).flatMap((addresses) =>
      (addresses ?? []).filter(({ internal, family }) => !internal && family === 'IPv4'),
    )
    for (const { address } of others)
      await expect(fetch(emulator.url.replace('127.0.0.1', address)), address).rejects.toThrow(TypeError)
    expect((await fetch(emulator.url)).status).toBe(400)
  })

  it('is gone when it was stopped', async () => {
    const other = await startDynamo()
    await other.stop()
    await expect(fetch(other.url)).rejects.toThrow(TypeError)
  })
})
