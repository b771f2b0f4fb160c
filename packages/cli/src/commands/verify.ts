import {
  type Address,
  address,
  parseReceipt,
  type Receipt,
  type ReceiptCheck,
  verifyReceipt,
} from '@w3bstream/protocol'
import type { Command } from 'commander'
import type { CommandContext } from '../CommandContext.ts'
import { deploymentFile, endpointName, findEndpoint, withDataDir, withRpc } from '../chain/chainOptions.ts'
import { UsageError } from '../errors/UsageError.ts'
import { withJson } from '../node/nodeOptions.ts'
import { printable } from '../output/Terminal.ts'
import { readText } from '../readInput.ts'

interface Options {
  readonly rpc?: string
  readonly dataDir?: string
  readonly router?: string
  readonly offline?: true
  readonly dataFile?: string
}

const MAX_RECEIPT = 4 * 1024 * 1024
const MAX_DATA = 16 * 1024 * 1024

/** `w3b verify`: exit code 0 where every check holds, 1 where one does not. */
export function verify(parent: Command, context: CommandContext): void {
  withJson(withDataDir(withRpc(parent.command('verify'))))
    .description('check a receipt: signatures, inclusion and binding here, its event at a chain')
    .argument('<file>', 'the receipt as JSON, or - for stdin')
    .option('--router <address>', 'the settlement contract that you trust (default: the one in deployment.json)')
    .option('--offline', 'leave the chain out')
    .option('--data-file <file>', 'what the device sent, to check that it is what was proven')
    .action(async (file: string, options: Options) => {
      const { terminal, env, stdin } = context
      const rpcUrl = options.offline === true ? null : findEndpoint(options, env)
      if (options.offline === true && options.rpc !== undefined)
        throw new UsageError('--rpc and --offline exclude each other.')
      if (options.offline !== true && rpcUrl === null)
        throw new UsageError('Give --rpc with an endpoint of the receipt’s chain, or --offline to leave the chain out.')
      const given = options.router === undefined ? null : address(options.router, '--router')
      const parsed = parse(file, await readText(file, stdin, MAX_RECEIPT))
      const payload = options.dataFile === undefined ? null : await readText(options.dataFile, stdin, MAX_DATA)
      const offline = verifyReceipt(parsed, payload === null ? {} : { payload })
      const asked = rpcUrl === null || !offline.ok ? null : await checkOnChain(parsed, rpcUrl, given, options)
      const checks = [...offline.checks, ...(asked?.checks ?? [])]
      const ok = checks.every((check) => check.ok)
      if (!ok) context.fail()
      const endpoint = asked === null || rpcUrl === null ? null : endpointName(rpcUrl)
      const router = asked?.router ?? null
      terminal.result({ ok, offline: rpcUrl === null, endpoint, router, checks }, (colors) => {
        const width = Math.max(...checks.map(({ name }) => name.length))
        const lines = checks.map(({ name, ok: holds, skipped, detail }) => {
          const mark = !holds ? colors.red('✗') : skipped === true ? colors.dim('–') : colors.green('✓')
          return `${mark} ${name.padEnd(width)}  ${printable(detail)}`
        })
        if (endpoint !== null) lines.push(colors.dim(`asked ${endpoint}; ${router?.address}: ${router?.trust}`))
        const chain = endpoint === null ? ' The chain was not asked.' : ''
        const verdict = ok ? colors.green(`The receipt holds.${chain}`) : colors.red('The receipt does not hold.')
        return [...lines, verdict].join('\n')
      })
    })
}

/** The contract that the receipt names, and on whose word. */
interface Router {
  readonly address: Address | null
  readonly source: 'option' | 'deployment' | 'receipt'
  readonly trust: string
}

async function checkOnChain(
  parsed: unknown,
  rpcUrl: string,
  given: Address | null,
  options: Options,
): Promise<{ readonly router: Router; readonly checks: readonly ReceiptCheck[] }> {
  const { readDeployment, verifyReceiptOnChain } = await import('@w3bstream/chain')
  const receipt = parseReceipt(parsed)
  const file = deploymentFile(options)
  const deployment = given === null ? readDeployment(file) : null
  const router = routerOf(receipt, given, deployment, file)
  const trusted = router.source === 'receipt' || router.address === null ? {} : { router: router.address }
  return { router, checks: await verifyReceiptOnChain({ receipt, rpcUrl, ...trusted }) }
}

function routerOf(
  receipt: Receipt,
  given: Address | null,
  deployment: { readonly chainId: bigint; readonly contracts: { readonly settlement: Address } } | null,
  file: string,
): Router {
  if (given !== null) return { address: given, source: 'option', trust: 'the router, by --router' }
  const { contract, chainId, evidence } = receipt
  // A project may have its results sent to any contract: then no router vouches for the proof.
  if (contract !== null && evidence.result?.router !== contract)
    return { address: contract, source: 'receipt', trust: 'no router, so whether it checks proofs is not known' }
  if (deployment !== null && chainId !== null && deployment.chainId === BigInt(chainId))
    return { address: deployment.contracts.settlement, source: 'deployment', trust: `the router, by ${file}` }
  return {
    address: contract,
    source: 'receipt',
    trust: 'router taken from the receipt; --router names one that you trust',
  }
}

function parse(file: string, text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new UsageError(`${file} is not JSON.`)
  }
}
