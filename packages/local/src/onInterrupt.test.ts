import { afterEach, expect, it, vi } from 'vitest'
import { onInterrupt } from './onInterrupt.ts'

afterEach(() => void vi.restoreAllMocks())

it('aborts at the first signal, takes repeats at once for the same one, and ends the process at a later one', () => {
  const now = vi.spyOn(performance, 'now').mockReturnValue(1_000)
  const exit = vi.spyOn(process, 'exit').mockImplementation((code) => {
    throw new Error(`exit ${code}`)
  })
  const interrupt = onInterrupt()
  const listener = process.listeners('SIGINT').at(-1)
  try {
    expect(interrupt.signal.aborted).toBe(false)
    listener?.('SIGINT')
    expect(interrupt.signal.aborted).toBe(true)
    now.mockReturnValue(1_499)
    listener?.('SIGINT')
    expect(exit).not.toHaveBeenCalled()
    now.mockReturnValue(1_501)
    expect(() => listener?.('SIGINT')).toThrow('exit 130')
    expect(() => listener?.('SIGTERM')).toThrow('exit 143')
  } finally {
    interrupt.release()
  }
  expect(process.listeners('SIGINT')).not.toContain(listener)
})
