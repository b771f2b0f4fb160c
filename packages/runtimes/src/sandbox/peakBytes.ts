import { readFile } from 'node:fs/promises'
import { residentBytes } from './residentBytes.ts'

/** @returns the most resident memory that a process has had, in bytes, where the system tells; else what it has now; 0 when it is gone */
export async function peakBytes(pid: number): Promise<number> {
  try {
    const peak = /^VmHWM:\s*([0-9]+) kB$/m.exec(await readFile(`/proc/${pid}/status`, 'utf8'))?.[1]
    return peak === undefined ? 0 : Number(peak) * 1024
  } catch {
    return residentBytes(pid)
  }
}
