import type { Command } from 'commander'
import { NodeClient } from './NodeClient.ts'
import { readToken } from './readToken.ts'

/** Options of every command that talks to a node. */
export interface NodeOptions {
  readonly url?: string
  readonly tokenFile?: string
  readonly dataDir?: string
}

const DEFAULT_URL = 'http://127.0.0.1:9000'
export const DEFAULT_DATA_DIR = '.w3b'

/** Adds `--url`, `--token-file` and `--json`. */
export function withNode(command: Command): Command {
  return withJson(command)
    .option('--url <url>', `the node (default: W3B_URL, else ${DEFAULT_URL})`)
    .option('--token-file <file>', 'file with the secret of a token (default: W3B_TOKEN)')
}

/** Adds the options of commands for operators: as `withNode`, and where a local node's own token lies. */
export function withOperator(command: Command): Command {
  return withNode(command).option(
    '--data-dir <dir>',
    `data directory of a local node, whose operator token is used where no other is given (default: ${DEFAULT_DATA_DIR})`,
  )
}

export function withJson(command: Command): Command {
  return command.option('--json', 'print one JSON value and nothing else')
}

/** @param operator true where the command needs a token that may operate. @throws {UsageError} @throws {InvalidInputError} */
export async function connect(
  options: NodeOptions,
  env: Readonly<Record<string, string | undefined>>,
  operator = false,
): Promise<NodeClient> {
  const url = options.url ?? (env.W3B_URL || DEFAULT_URL)
  return new NodeClient({ url, token: await readToken(options, url, env, operator) })
}
