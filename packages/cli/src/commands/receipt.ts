import { writeFile } from 'node:fs/promises'
import { messageId, parseReceipt } from '@w3bstream/protocol'
import type { Command } from 'commander'
import type { CommandContext } from '../CommandContext.ts'
import { UsageError } from '../errors/UsageError.ts'
import { answers } from '../node/answers.ts'
import { connect, type NodeOptions, withNode } from '../node/nodeOptions.ts'
import { receiptRows } from '../output/receiptRows.ts'

interface Options extends NodeOptions {
  readonly out?: string
}

/** `w3b receipt` */
export function receipt(parent: Command, context: CommandContext): void {
  withNode(parent.command('receipt'))
    .description('fetch a message’s receipt')
    .argument('<id>', 'id of the message')
    .option('--out <file>', 'write the receipt as JSON, for `w3b verify`')
    .action(async (text: string, options: Options) => {
      const { terminal, env } = context
      const node = await connect(options, env)
      const answer = await node.ask(`/v1/messages/${messageId(text)}/receipt`, answers.receipt)
      const { out } = options
      if (out !== undefined)
        await writeFile(out, `${JSON.stringify(answer, null, 2)}\n`).catch((error: Error) => {
          throw new UsageError(`${out} cannot be written: ${error.message}.`)
        })
      terminal.result(answer, (colors) => receiptRows(colors, parseReceipt(answer)))
    })
}
