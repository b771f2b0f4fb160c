import { createHash } from 'node:crypto'
import { hash, type ProjectId, parseProjectFile, projectId } from '@w3bstream/protocol'
import type { Command } from 'commander'
import type { CommandContext } from '../CommandContext.ts'
import { type OwnerOptions, withOwnerKey, withRpc } from '../chain/chainOptions.ts'
import { withOwner } from '../chain/withOwner.ts'
import { NodeAnswerError } from '../errors/NodeAnswerError.ts'
import { UsageError } from '../errors/UsageError.ts'
import { answers } from '../node/answers.ts'
import { connect, type NodeOptions, withOperator } from '../node/nodeOptions.ts'
import { rows } from '../output/rows.ts'
import { readInput } from '../readInput.ts'

interface Options extends NodeOptions, OwnerOptions {
  readonly dataDir?: string
  readonly uri?: string
  readonly project?: string
}

const MAX_FILE = 32 * 1024 * 1024
/** Registration waits for a block. */
const TIMEOUT_MS = 120_000

/** `w3b project publish` */
export function publishProject(parent: Command, context: CommandContext): void {
  withOwnerKey(withRpc(withOperator(parent.command('publish'))))
    .description('publish a project file and register it')
    .argument('<file>', 'the project file, or - for stdin')
    .option('--project <id>', 'the project to update (default: a new one)')
    .option('--uri <uri>', 'where the file lies already: it is registered by your own key, without a node')
    .action(async (file: string, options: Options) => {
      const { terminal, env, stdin } = context
      const id = options.project === undefined ? null : projectId(options.project)
      const bytes = await readInput(file, stdin, MAX_FILE)
      terminal.progress(`Publishing ${bytes.length} bytes …`)
      const published = await (options.uri === undefined
        ? publish(bytes, id, options, env)
        : register(bytes, id, options.uri, options, env))
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

type Env = Readonly<Record<string, string | undefined>>

async function publish(bytes: Uint8Array, id: ProjectId | null, options: Options, env: Env) {
  const node = await connect(options, env, true)
  const path = `/v1/projects${id === null ? '' : `?project=${id}`}`
  return node.ask(path, answers.published, { method: 'POST', bytes, timeoutMs: TIMEOUT_MS }).catch((error: unknown) => {
    if (error instanceof NodeAnswerError && error.status === 501)
      throw new UsageError(
        'This node publishes for nobody: it acts for owners on the local chain alone.',
        'Put the file where nodes can fetch it, such as IPFS, and give --uri, with your key by --key-file.',
      )
    throw error
  })
}

/** Registers a file that lies at a uri already, with the owner's own key and without a node. */
async function register(bytes: Uint8Array, id: ProjectId | null, uri: string, options: Options, env: Env) {
  parseProjectFile(bytes)
  const sha256 = hash(`0x${createHash('sha256').update(bytes).digest('hex')}`)
  const registered = await withOwner(options, env, (owner) => owner.registerProject(id, uri, sha256))
  return { ...registered, projectId: String(registered.projectId), uri, hash: sha256 }
}
