import { taskId } from '@w3bstream/protocol'
import type { Command } from 'commander'
import type { CommandContext } from '../CommandContext.ts'
import { answers } from '../node/answers.ts'
import { connect, type NodeOptions, withOperator } from '../node/nodeOptions.ts'
import { taskRows } from '../output/taskRows.ts'

/** `w3b task replay` */
export function replayTask(parent: Command, context: CommandContext): void {
  withOperator(parent.command('replay'))
    .description('put a failed task back on the road')
    .argument('<id>', 'id of the task')
    .action(async (text: string, options: NodeOptions) => {
      const id = taskId(text)
      const node = await connect(options, context.env, true)
      const task = await node.ask(`/v1/tasks/${id}/replay`, answers.task, { method: 'POST' })
      context.terminal.result(task, (colors) => taskRows(colors, task))
    })
}
