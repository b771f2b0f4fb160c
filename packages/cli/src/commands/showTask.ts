import { taskId } from '@w3bstream/protocol'
import type { Command } from 'commander'
import type { CommandContext } from '../CommandContext.ts'
import { answers } from '../node/answers.ts'
import { connect, type NodeOptions, withNode } from '../node/nodeOptions.ts'
import { stateLine } from '../output/stateLine.ts'
import { taskRows } from '../output/taskRows.ts'

/** `w3b task show` */
export function showTask(parent: Command, context: CommandContext): void {
  withNode(parent.command('show'))
    .description('show a task and what happened to it')
    .argument('<id>', 'id of the task')
    .action(async (text: string, options: NodeOptions) => {
      const id = taskId(text)
      const task = await (await connect(options, context.env)).ask(`/v1/tasks/${id}`, answers.taskWithStates)
      context.terminal.result(task, (colors) =>
        [taskRows(colors, task), ...task.states.map((state) => stateLine(colors, state))].join('\n'),
      )
    })
}
