import { readdirSync, readFileSync } from 'node:fs'

/** One running process. */
export interface ProcessUse {
  readonly pid: number
  readonly name: string
  /** User and system time of all its threads so far. */
  readonly cpuMs: number
  /** Resident memory; pages that processes share count for each. */
  readonly rssBytes: number
}

/** Linux counts time in ticks of 10 ms for whoever reads /proc, and memory in pages. */
const TICK_MS = 10
const PAGE_BYTES = 4_096

/** A process and all that descend from it, from /proc. Those that end meanwhile are left out. */
export function processTree(pid: number): ProcessUse[] {
  const found: ProcessUse[] = []
  const visit = (one: number): void => {
    try {
      const stat = readFileSync(`/proc/${one}/stat`, 'utf8')
      // The name stands in parentheses and may contain spaces.
      const name = stat.slice(stat.indexOf('(') + 1, stat.lastIndexOf(')'))
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
      found.push({
        pid: one,
        name,
        cpuMs: (Number(fields[11]) + Number(fields[12])) * TICK_MS,
        rssBytes: Number(fields[21]) * PAGE_BYTES,
      })
      for (const thread of readdirSync(`/proc/${one}/task`))
        for (const child of readFileSync(`/proc/${one}/task/${thread}/children`, 'utf8').split(' '))
          if (child !== '') visit(Number(child))
    } catch {
      // It ended while it was looked at.
    }
  }
  visit(pid)
  return found
}
