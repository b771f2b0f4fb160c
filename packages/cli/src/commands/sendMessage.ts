import { projectId } from '@w3bstream/protocol'
import type { Command } from 'commander'
import type { CommandContext } from '../CommandContext.ts'
import { UsageError } from '../errors/UsageError.ts'
import { answers } from '../node/answers.ts'
import { connect, type NodeOptions, withNode } from '../node/nodeOptions.ts'
import { rows } from '../output/rows.ts'
import { readText } from '../readInput.ts'
import { signAsDevice } from '../signAsDevice.ts'

interface Options extends NodeOptions {
  readonly file?: string
  readonly projectVersion?: string
  readonly keyFile?: string
  readonly nonce?: string
  readonly chainId?: string
  readonly registry?: string
  readonly idempotencyKey?: string
}

const MAX_DATA = 16 * 1024 * 1024

/** `w3b message send` */
export function sendMessage(parent: Command, context: CommandContext): void {
  withNode(parent.command('send'))
    .description('send a message to a project')
    .argument('<project>', 'id of the project')
    .argument('[data]', 'what the device says')
    .option('--file <file>', 'read the data from a file, or from stdin for -')
    .option('--project-version <version>', 'version of the project (default: the project file’s)')
    .option('--key-file <file>', 'sign as the device with this secp256k1 key (hex, readable by its owner alone)')
    .option('--nonce <n>', 'the signed message’s nonce, each used once (default: milliseconds since 1970)')
    .option('--chain-id <id>', 'chain of the registry, for the signature (default: the node says)')
    .option('--registry <address>', 'the ProjectRegistrar, for the signature (default: the node says)')
    .option('--idempotency-key <key>', 'the same key with the same data is the same message')
    .addHelpText('after', '\nExample: w3b message send 1 \'{"temperature": 21.5}\'')
    .action(async (project: string, data: string | undefined, options: Options) => {
      const { terminal, env, stdin } = context
      const id = projectId(project)
      if ((data === undefined) === (options.file === undefined))
        throw new UsageError('Give the data either as an argument or by --file.')
      if (options.keyFile === undefined && options.nonce !== undefined)
        throw new UsageError('--nonce belongs to a signed message: give --key-file as well.')
      const payload = data ?? (await readText(options.file ?? '-', stdin, MAX_DATA))
      const node = await connect(options, env)
      const signed =
        options.keyFile === undefined ? null : await signAsDevice(node, id, payload, options.keyFile, options)
      const version = signed?.version ?? options.projectVersion
      const accepted = await node.ask('/v1/messages', answers.accepted, {
        method: 'POST',
        json: {
          projectId: id.toString(),
          ...(version === undefined ? {} : { version }),
          data: payload,
          ...(signed === null ? {} : { device: signed.device, nonce: signed.nonce, signature: signed.signature }),
        },
        headers: options.idempotencyKey === undefined ? {} : { 'idempotency-key': options.idempotencyKey },
      })
      const sent = { ...accepted, ...(signed === null ? {} : { device: signed.device, nonce: signed.nonce }) }
      terminal.result(sent, (colors) =>
        rows(colors, [
          ['message', accepted.messageId],
          ['device', signed?.device],
          ['nonce', signed?.nonce],
          ['note', accepted.duplicate ? 'this very message was there already' : null],
          ['follow', `w3b message show ${accepted.messageId} --watch`],
        ]),
      )
    })
}
