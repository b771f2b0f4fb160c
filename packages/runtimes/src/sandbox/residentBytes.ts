import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** @returns a process's resident memory in bytes; 0 when it is gone or the system does not tell */
export async function residentBytes(pid: number): Promise<number> {
  try {
    if (process.platform === 'linux') {
      const status = await readFile(`/proc/${pid}/status`, 'utf8')
      return Number(/^VmRSS:\s*([0-9]+) kB$/m.exec(status)?.[1] ?? 0) * 1024
    }
    const { stdout } = await run('/bin/ps', ['-o', 'rss=', '-p', String(pid)], { timeout: 5_000 })
    return Number(stdout.trim()) * 1024
  } catch {
    // The process ended in the meantime: whoever waits for its answer learns it from its exit.
    return 0
  }
}
