import { readdirSync, readFileSync } from 'node:fs'

/** Process ids of a process's children, whichever of its threads started them. Linux. */
export function childrenOf(pid: number): readonly number[] {
  const tasks = `/proc/${pid}/task`
  return readdirSync(tasks)
    .flatMap((task) => readFileSync(`${tasks}/${task}/children`, 'utf8').split(' '))
    .filter((text) => text !== '')
    .map(Number)
}
