import type { ProgramLog } from './ProgramLog.ts'
import { ProgramThrow } from './ProgramThrow.ts'
import { Refusal } from './Refusal.ts'

/** A program that traps with so much of its memory in use ran out of it: allocators trap without saying why. */
const FULL = 7 / 8

/**
 * What happened to a program, from whatever was thrown while it ran.
 * @param memory bytes in use and the most there may be
 */
export function failure(thrown: unknown, log: ProgramLog, memory: { used: number; limit: number }): Refusal {
  const said = log.text === '' ? '' : `; it said: ${log.text}`
  const program = (reason: string): Refusal => new Refusal('program', `${reason}${said}`)
  if (thrown instanceof Refusal) return thrown.kind === 'limit' ? thrown : program(thrown.message)
  if (thrown instanceof ProgramThrow) return program(`it threw: ${thrown.message}`)
  if (thrown instanceof WebAssembly.CompileError || thrown instanceof WebAssembly.LinkError)
    return program(`the code is not a WebAssembly module that loads: ${thrown.message}`)
  if (thrown instanceof WebAssembly.RuntimeError) {
    if (log.text === '' && memory.limit > 0 && memory.used >= memory.limit * FULL)
      return new Refusal('limit', `memory limit of ${memory.limit} bytes`)
    return program(`it trapped: ${thrown.message}`)
  }
  if (thrown instanceof RangeError && /call stack/.test(thrown.message)) return program('it overflowed its call stack')
  if (thrown instanceof RangeError) return new Refusal('limit', `memory limit of ${memory.limit} bytes`)
  if (thrown instanceof WebAssembly.Exception) return program('it threw an exception of its own')
  // What is left is a fault of the host side: its text tells nothing of use to the program's owner.
  return program('it could not be run')
}
