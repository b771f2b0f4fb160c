import { closeSync, fdatasyncSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'

/** Median milliseconds of a 4 KB write with fdatasync in a directory: the disk's part in every durable figure. */
export function fsyncTime(dir: string, rounds = 200): number {
  const inside = mkdtempSync(join(dir, 'fsync-'))
  const file = openSync(join(inside, 'probe'), 'w')
  const block = new Uint8Array(4096)
  const times: number[] = []
  try {
    for (let i = 0; i < rounds; i++) {
      const started = performance.now()
      writeSync(file, block)
      fdatasyncSync(file)
      times.push(performance.now() - started)
    }
  } finally {
    closeSync(file)
    rmSync(inside, { recursive: true, force: true })
  }
  times.sort((a, b) => a - b)
  return times[Math.floor(rounds / 2)] ?? 0
}
