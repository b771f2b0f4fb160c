import type { StateLogEntry, TaskState } from './Task.ts'

const RANK: Readonly<Record<TaskState, number>> = {
  packed: 0,
  assigned: 1,
  proved: 2,
  submitted: 3,
  settled: 4,
  finalized: 5,
  failed: 6,
}

/**
 * The part of a task's log that still holds, each state once: what a further attempt, a replay or a reorg undid is left out, and of the lines that tell how
 * far a proof is the last one stands for its state. Clients of the older APIs stop at the first
 * `failed` or `outputted` that they see.
 */
export function presentCourse(entries: readonly StateLogEntry[]): StateLogEntry[] {
  const course: StateLogEntry[] = []
  for (const entry of entries) {
    while (course.length > 0 && RANK[course.at(-1)?.state ?? 'packed'] >= RANK[entry.state]) course.pop()
    course.push(entry)
  }
  return course
}
