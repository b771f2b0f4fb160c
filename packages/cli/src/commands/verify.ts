import { parseReceipt, type ReceiptCheck, verifyReceipt } from '@w3bstream/protocol'
import type { Command } from 'commander'
import type { CommandContext } from '../CommandContext.ts'
import { UsageError } from '../errors/UsageError.ts'
import { withJson } from '../node/nodeOptions.ts'
import { printable } from '../output/Terminal.ts'
import { readText } from '../readInput.ts'

interface Options {
  readonly rpc?: string
  readonly offline?: true
  readonly dataFile?: string
}

const MAX_RECEIPT = 4 * 1024 * 1024
const MAX_DATA = 16 * 1024 * 1024

/** `w3b verify`: exit code 0 where every check holds, 1 where one does not. */
export function verify(parent: Command, context: CommandContext): void {
  withJson(parent.command('verify'))
    .description('check a receipt: signatures, inclusion and binding here, its event at a chain')
    .argument('<file>', 'the receipt as JSON, or - for stdin')
    .option('--rpc <url>', 'endpoint of the receipt’s chain (default: W3B_RPC)')
    .option('--offline', 'leave the chain out')
    .option('--data-file <file>', 'what the device sent, to check that it is what was proven')
    .action(async (file: string, options: Options) => {
      const { terminal, env, stdin } = context
      const rpcUrl = options.offline === true ? undefined : (options.rpc ?? env.W3B_RPC)
      if (options.offline === true && options.rpc !== undefined)
        throw new UsageError('--rpc and --offline exclude each other.')
      if (options.offline !== true && (rpcUrl === undefined || rpcUrl === ''))
        throw new UsageError('Give --rpc with an endpoint of the receipt’s chain, or --offline to leave the chain out.')
      const parsed = parse(file, await readText(file, stdin, MAX_RECEIPT))
      const payload = options.dataFile === undefined ? null : await readText(options.dataFile, stdin, MAX_DATA)
      const offline = verifyReceipt(parsed, payload === null ? {} : { payload })
      const onChain: readonly ReceiptCheck[] =
        rpcUrl === undefined || !offline.ok ? [] : await checkOnChain(parsed, rpcUrl)
      const checks = [...offline.checks, ...onChain]
      const ok = checks.every((check) => check.ok)
      if (!ok) context.fail()
      terminal.result({ ok, offline: rpcUrl === undefined, checks }, (colors) => {
        const width = Math.max(...checks.map(({ name }) => name.length))
        const lines = checks.map(({ name, ok: holds, skipped, detail }) => {
          const mark = !holds ? colors.red('✗') : skipped === true ? colors.dim('–') : colors.green('✓')
          return `${mark} ${name.padEnd(width)}  ${printable(detail)}`
        })
        const chain = rpcUrl === undefined ? ' The chain was not asked.' : ''
        const verdict = ok ? colors.green(`The receipt holds.${chain}`) : colors.red('The receipt does not hold.')
        return [...lines, verdict].join('\n')
      })
    })
}

async function checkOnChain(parsed: unknown, rpcUrl: string): Promise<readonly ReceiptCheck[]> {
  const { verifyReceiptOnChain } = await import('@w3bstream/chain')
  return verifyReceiptOnChain({ receipt: parseReceipt(parsed), rpcUrl })
}

function parse(file: string, text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new UsageError(`${file} is not JSON.`)
  }
}
