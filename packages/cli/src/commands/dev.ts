import { once } from 'node:events'
import { join, resolve } from 'node:path'
import type { Command } from 'commander'
import type { CommandContext } from '../CommandContext.ts'
import { endpointName } from '../chain/chainOptions.ts'
import { UsageError } from '../errors/UsageError.ts'
import { DEFAULT_DATA_DIR, withJson } from '../node/nodeOptions.ts'
import { rows } from '../output/rows.ts'
import { readRuntimes, withRuntimes } from '../readRuntimes.ts'

interface Options {
  readonly port: string
  readonly dataDir: string
  readonly projects?: string
  readonly rpc?: string
  readonly adoptChainNonce?: boolean
  readonly maxSpend?: string
  readonly runtime?: readonly string[]
}

/** `w3b dev`: the whole system in this process, until Ctrl-C. */
export function dev(parent: Command, context: CommandContext): void {
  withRuntimes(withJson(parent.command('dev')))
    .description('run the whole system on 127.0.0.1, with a local chain unless --rpc is given')
    .option('--port <port>', 'where to listen; 0: any that is free', '9000')
    .option('--data-dir <dir>', 'where everything is kept', DEFAULT_DATA_DIR)
    .option('--projects <dir>', 'directory of project files: the file name is the project id')
    .option('--rpc <url>', 'endpoint of a chain (default: W3B_RPC, else a local anvil)')
    .option('--adopt-chain-nonce', 'after a restore: go on although the chain knows more transactions than the store')
    .option('--max-spend <ether>', 'most that a project’s results may cost on a day, in the chain’s coin')
    .action(async ({ port, dataDir, projects, adoptChainNonce = false, ...options }: Options) => {
      const { terminal, signal, env } = context
      const rpc = options.rpc ?? (env.W3B_RPC || undefined)
      const maxSpendPerDay = options.maxSpend === undefined ? undefined : wei('--max-spend', options.maxSpend)
      if (!/^[0-9]{1,5}$/.test(port) || Number(port) > 65_535) throw new UsageError('--port has to be from 0 to 65535.')
      if (rpc !== undefined && !(URL.canParse(rpc) && /^(?:https?|wss?):/.test(rpc)))
        throw new UsageError(`${options.rpc === undefined ? 'W3B_RPC' : '--rpc'} has to be an http(s) or ws(s) URL.`)
      const external = readRuntimes(options.runtime ?? [], env.W3B_RUNTIMES)
      const { nativeRuntime } = await import('@w3bstream/local/nativeRuntime')
      const native = nativeRuntime(env)
      const { startLocal } = await import('@w3bstream/local')
      const node = await startLocal({
        port: Number(port),
        dataDir,
        ...(projects === undefined ? {} : { projectsDir: projects }),
        ...(rpc === undefined ? {} : { rpc }),
        ...(maxSpendPerDay === undefined ? {} : { maxSpendPerDay }),
        adoptChainNonce,
        external,
        stdout: terminal.data,
        onProgress: (step) => terminal.progress(`${step} …`),
      })
      try {
        const { url, domain, contracts, keys } = node
        const rpcUrl = endpointName(node.rpcUrl)
        const sequencer = keys.sequencer.address
        const settler = keys.settler.address
        const operatorToken = join(resolve(dataDir), 'operator.token')
        const started = {
          url,
          dataDir: resolve(dataDir),
          chainId: domain.chainId,
          rpcUrl,
          contracts,
          sequencer,
          settler,
          operatorToken,
          native: native.binary,
          runtimes: Object.fromEntries(external),
        }
        terminal.result(started, (colors) =>
          [
            colors.green('W3bstream is running. Ctrl-C ends it.'),
            rows(colors, [
              ['url', url],
              ['chain', `${domain.chainId} at ${rpcUrl}`],
              ['registry', contracts.projectRegistrar],
              ['sequencer', sequencer],
              ['settler', `${settler} (pays for gas)`],
              ['data', resolve(dataDir)],
              ['projects', projects],
              ['native', native.binary ?? native.missing],
              ...[...external].map(([kind, address]) => ['runtime', `${kind} at ${address}`] as const),
              ['token', `${operatorToken} (for operators)`],
            ]),
          ].join('\n'),
        )
        if (!signal.aborted) await once(signal, 'abort')
        terminal.progress('finishing what is in hand …')
      } finally {
        await node.close()
      }
    })
}

/** @returns an amount of a chain's coin in its smallest unit */
function wei(option: string, text: string): bigint {
  const [, whole = '', fraction = ''] = /^([0-9]{1,12})(?:\.([0-9]{1,18}))?$/.exec(text) ?? []
  if (whole === '') throw new UsageError(`${option} has to be an amount such as 0.5.`)
  return BigInt(whole + fraction.padEnd(18, '0'))
}
