import { randomFillSync } from 'node:crypto'
import type { GuestMemory } from './GuestMemory.ts'
import type { ProgramLog } from './ProgramLog.ts'
import { ProgramThrow } from './ProgramThrow.ts'
import { Refusal } from './Refusal.ts'

/** WASI preview 1 error numbers. */
const ERRNO = { success: 0, badf: 8, inval: 28, spipe: 70, notcapable: 76 }
const MOST_RANDOM_BYTES = 16 * 1024 * 1024
const STDIO = 3

/** Ends a program that called proc_exit. */
export class ProgramExit extends ProgramThrow {
  readonly code: number
  constructor(code: number) {
    super(`it exited with code ${code}`)
    this.code = code
  }
}

/**
 * The subset of WASI preview 1 that a computing program needs: no arguments, an empty environment, clocks, random bytes, and standard output that
 * goes to the program's log. There are no files, directories, sockets or waits: their functions answer `notcapable` or `badf`.
 * @see https://github.com/WebAssembly/WASI/blob/main/legacy/preview1/docs.md
 * @returns the function, or null for a name that preview 1 does not have
 */
export function wasiImport(
  name: string,
  memory: GuestMemory,
  log: ProgramLog,
): ((...args: readonly unknown[]) => unknown) | null {
  const none = (first: unknown, second: unknown): number => {
    memory.setWord(first, 0)
    memory.setWord(second, 0)
    return ERRNO.success
  }
  switch (name) {
    case 'args_sizes_get':
    case 'environ_sizes_get':
      return none
    case 'args_get':
    case 'environ_get':
    case 'sched_yield':
      return () => ERRNO.success
    case 'clock_res_get':
      return (_clock, result) => {
        memory.setLong(result, 1_000_000n)
        return ERRNO.success
      }
    case 'clock_time_get':
      return (clock, _precision, result) => {
        if (clock !== 0 && clock !== 1) return ERRNO.inval
        memory.setLong(result, clock === 0 ? BigInt(Date.now()) * 1_000_000n : process.hrtime.bigint())
        return ERRNO.success
      }
    case 'random_get':
      return (pointer, length) => {
        const target = memory.view(pointer, length)
        if (target.length > MOST_RANDOM_BYTES)
          throw new Refusal('limit', `limit of ${MOST_RANDOM_BYTES} random bytes at once`)
        target.set(randomFillSync(new Uint8Array(target.length)))
        return ERRNO.success
      }
    case 'fd_write':
      return (fd, vectors, count, result) => {
        if (fd !== 1 && fd !== 2) return ERRNO.badf
        let written = 0
        const list = memory.view(vectors, Number(count) * 8)
        for (let at = 0; at < list.length; at += 8) {
          const pointer = memory.word(Number(vectors) + at)
          const length = memory.word(Number(vectors) + at + 4)
          log.add(memory.note(pointer, length))
          written += length
        }
        memory.setWord(result, written)
        return ERRNO.success
      }
    case 'fd_read':
      return (fd, _vectors, _count, result) => {
        if (fd !== 0) return ERRNO.badf
        memory.setWord(result, 0)
        return ERRNO.success
      }
    case 'fd_fdstat_get':
      return (fd, result) => {
        if (typeof fd !== 'number' || fd < 0 || fd >= STDIO) return ERRNO.badf
        memory.write(result, new Uint8Array(24))
        // A character device.
        memory.write(result, Uint8Array.of(2))
        return ERRNO.success
      }
    case 'fd_seek':
    case 'fd_tell':
      return (fd) => (typeof fd === 'number' && fd >= 0 && fd < STDIO ? ERRNO.spipe : ERRNO.badf)
    case 'fd_prestat_get':
    case 'fd_prestat_dir_name':
    case 'fd_close':
      return () => ERRNO.badf
    case 'proc_exit':
      return (code) => {
        throw new ProgramExit(Number(code))
      }
    default:
      return /^(?:fd|path|sock)_[a-z_]+$|^poll_oneoff$|^proc_raise$/.test(name) ? () => ERRNO.notcapable : null
  }
}
