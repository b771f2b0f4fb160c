import { projectId } from '@w3bstream/protocol'
import type { Command } from 'commander'
import type { CommandContext } from '../CommandContext.ts'
import { answers } from '../node/answers.ts'
import { connect, type NodeOptions, withOperator } from '../node/nodeOptions.ts'
import { rows } from '../output/rows.ts'
import { readInput } from '../readInput.ts'

interface Options extends NodeOptions {
  readonly project?: string
}

const MAX_FILE = 32 * 1024 * 1024
/** Registration waits for a block. */
const TIMEOUT_MS = 120_000

/** `w3b project publish` */
export function publishProject(parent: Command, context: CommandContext): void {
  withOperator(parent.command('publish'))
    .description('publish a project file and register it')
    .argument('<file>', 'the project file, or - for stdin')
    .option('--project <id>', 'the project to update (default: a new one)')
    .action(async (file: string, options: Options) => {
      const { terminal, env, stdin } = context
      const query = options.project === undefined ? '' : `?project=${projectId(options.project)}`
      const bytes = await readInput(file, stdin, MAX_FILE)
      const node = await connect(options, env, true)
      terminal.progress(`Publishing ${bytes.length} bytes …`)
      const published = await node.ask(`/v1/projects${query}`, answers.published, {
        method: 'POST',
        bytes,
        timeoutMs: TIMEOUT_MS,
      })
      terminal.result(published, (colors) =>
        rows(colors, [
          ['project', published.projectId],
          ['uri', published.uri],
          ['sha-256', published.hash],
          ['transaction', published.transactionHash],
        ]),
      )
    })
}
