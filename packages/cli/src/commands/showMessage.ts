import { messageId } from '@w3bstream/protocol'
import type { Command } from 'commander'
import type { CommandContext } from '../CommandContext.ts'
import { answers } from '../node/answers.ts'
import { connect, type NodeOptions, withNode } from '../node/nodeOptions.ts'
import { rows } from '../output/rows.ts'
import { stateLine } from '../output/stateLine.ts'

interface Options extends NodeOptions {
  readonly watch?: true
}

/** `w3b message show`: with `--watch`, until the message's task is final (exit code 0) or failed (1). */
export function showMessage(parent: Command, context: CommandContext): void {
  withNode(parent.command('show'))
    .description('show what happened to a message')
    .argument('<id>', 'id of the message')
    .option('--watch', 'go on until its task is final or failed')
    .action(async (text: string, options: Options) => {
      const { terminal, env, signal } = context
      const id = messageId(text)
      const node = await connect(options, env)
      const path = `/v1/messages/${id}`
      let message = await node.ask(path, answers.message)
      if (options.watch === true) {
        let seen = 0
        for await (const event of node.events(`${path}/events`, signal)) {
          const state = answers.state.parse(JSON.parse(event.data))
          terminal.live((colors) => stateLine(colors, state))
          seen++
          if (!isLast(state.state)) continue
          // A replayed task has failed before, and goes on.
          message = await node.ask(path, answers.message)
          if (isLast(message.state) && seen >= message.states.length) break
        }
        // Ctrl-C, too, ends with what is known.
        if (!isLast(message.state)) message = await node.ask(path, answers.message)
      }
      if (message.state === 'failed') context.fail()
      terminal.result(message, (colors) => {
        const fields = rows(colors, [
          ['message', message.messageId],
          ['project', `${message.projectId} version ${message.version}`],
          ['device', message.device],
          ['data', message.data],
          ['task', message.task === null ? null : `${message.task.id} (number ${message.task.number})`],
          ['trace', message.traceId],
          ['state', message.state],
        ])
        const states = options.watch === true ? [] : message.states.map((state) => stateLine(colors, state))
        return [fields, ...states].join('\n')
      })
    })
}

function isLast(state: string): boolean {
  return state === 'finalized' || state === 'failed'
}
