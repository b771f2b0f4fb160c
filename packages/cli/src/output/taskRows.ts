import type { Task } from '../node/answers.ts'
import { rows } from './rows.ts'
import type { Colors } from './Terminal.ts'

/** A task, for people. */
export function taskRows(colors: Colors, task: Task): string {
  const { proof, settlement } = task
  return rows(colors, [
    ['task', `${task.id} (number ${task.number})`],
    ['project', `${task.projectId} version ${task.version}`],
    ['messages', task.messageCount],
    ['runtime', task.runtime],
    ['prover', task.prover],
    [
      'proof',
      proof === null ? null : `${proof.bytes} bytes in ${proof.provingMs} ms${proof.bound ? '' : ', not bound'}`,
    ],
    ['transaction', settlement?.transactionHash],
    ['block', settlement === null ? null : `${settlement.blockNumber} on chain ${settlement.chainId}`],
    ['state', task.state],
    ['failure', task.failure],
  ])
}
