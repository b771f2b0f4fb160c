import { availableParallelism, totalmem } from 'node:os'
import type { Machine } from './Machine.ts'

/** What this process and the system keep. */
const RESERVED_BYTES = 512 * 2 ** 20
const LEAST_BYTES = 256 * 2 ** 20

/**
 * The machine that this process runs on, or what its container may have of it. GPUs are the operator's to tell.
 * @param told what is known better
 */
export function detectMachine(told: Partial<Machine> = {}): Machine {
  const limited = process.constrainedMemory()
  const memory = limited > 0 && limited < totalmem() ? limited : totalmem()
  return {
    cores: Math.max(1, told.cores ?? availableParallelism()),
    memoryBytes: told.memoryBytes ?? Math.max(LEAST_BYTES, memory - RESERVED_BYTES),
    gpus: told.gpus ?? 0,
  }
}
