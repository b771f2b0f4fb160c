import type { Contracts, VerifierRegistration } from '@w3bstream/chain'
import { type Address, address, type Hex, hash, projectId, W3bError } from '@w3bstream/protocol'
import type { Command } from 'commander'
import type { CommandContext } from '../CommandContext.ts'
import { type OwnerOptions, withDataDir, withOwnerKey, withRpc } from '../chain/chainOptions.ts'
import { readImageId } from '../chain/readImageId.ts'
import { withOwner } from '../chain/withOwner.ts'
import { UsageError } from '../errors/UsageError.ts'
import { answers } from '../node/answers.ts'
import { connect, type NodeOptions, withNode } from '../node/nodeOptions.ts'
import { rows } from '../output/rows.ts'

interface Options extends OwnerOptions, NodeOptions {
  readonly contract?: string
  readonly outputWords: string
  readonly proofBytes?: string
  readonly verifyGas?: string
  readonly risc0?: boolean
  readonly imageId?: string
  readonly selector?: string
  readonly inputBound: boolean
  readonly projectVersion?: string
  readonly dataDir?: string
}

const HALO2_VERIFY_GAS = 600_000

/** `w3b project verifier`, or `register-verifier` */
export function registerVerifier(parent: Command, context: CommandContext): void {
  withOwnerKey(withDataDir(withRpc(withNode(parent.command('verifier').alias('register-verifier')))))
    .description('register the verifier contract of a project’s newest file, for good')
    .argument('<id>', 'id of the project')
    .option('--contract <address>', 'the verifier, deployed (default for --risc0: the deployment’s router)')
    .requiredOption('--output-words <n>', 'public outputs of the program, 32 bytes each')
    .option('--proof-bytes <n>', 'exact length of a Halo2 proof')
    .option('--verify-gas <n>', 'most gas that a verification may take (default: 600000, for --risc0 300000)')
    .option('--risc0', 'a guest of RISC Zero, settled by Groth16 receipts')
    .option('--image-id <id>', 'of the guest: 64 hex digits, or the eight words of methods.rs')
    .option('--selector <hex>', 'what the guest’s receipts begin with (default: that of RISC Zero 3.x)')
    .option('--no-input-bound', 'its proofs do not open the input commitment')
    .option('--project-version <version>', 'the version whose proofs it verifies (default: the node’s default version)')
    .action(async (text: string, options: Options) => {
      const { terminal, env } = context
      const id = projectId(text)
      const result = await withOwner(options, env, async (owner, contracts) => {
        const entry = options.risc0 === true ? await guest(options, contracts) : circuit(options)
        const configHash = await owner.configHash(id)
        const version = options.projectVersion ?? (await defaultVersion(options, env, id, configHash))
        terminal.progress(`Registering ${entry.verifier} for project ${id}, version ${version} …`)
        const key = await owner.registerVerifier({ id, configHash, version, verifier: entry })
        const registered = await owner.verifierOf(key)
        if (registered === null || !same(registered, entry))
          throw new W3bError(
            'VERIFIER_TAKEN',
            `Version ${version} of this file is registered with ${registered === null ? 'nothing' : particulars(registered)} already.`,
            {
              status: 409,
              hint: 'A verifier is registered for good: publish the project anew for another one.',
            },
          )
        if (options.verifyGas !== undefined && registered.verifyGas !== entry.verifyGas)
          terminal.note(
            `It was registered before, for good: verifications get ${registered.verifyGas} gas, not ${entry.verifyGas}.`,
          )
        const { riscZero, ...shape } = registered
        return { projectId: String(id), version, configHash, key, ...shape, ...riscZero }
      })
      terminal.result(result, (colors) =>
        rows(colors, [
          ['project', result.projectId],
          ['version', result.version],
          ['verifier', result.verifier],
          ...(result.imageId === undefined ? [] : [['image id', result.imageId] as const]),
          ['gas', `${result.verifyGas} at most for a verification`],
          ['key', result.key],
          ['binding', result.inputBound ? 'proofs open the input commitment' : 'nothing binds proofs to the messages'],
        ]),
      )
    })
}

/** @throws {UsageError} */
function circuit(options: Options): VerifierRegistration {
  if (options.imageId !== undefined || options.selector !== undefined)
    throw new UsageError('--image-id and --selector are of guests: say --risc0, too.')
  if (options.contract === undefined || options.proofBytes === undefined)
    throw new UsageError('A Halo2 verifier asks for --contract and --proof-bytes.')
  return {
    verifier: address(options.contract, '--contract'),
    outputWords: outputWords(options),
    proofBytes: integer('--proof-bytes', options.proofBytes, 0xff_ffff),
    verifyGas: verifyGas(options, HALO2_VERIFY_GAS),
    inputBound: options.inputBound,
  }
}

/** @throws {UsageError} */
async function guest(options: Options, contracts: Contracts): Promise<VerifierRegistration> {
  const { riscZeroRelease } = await import('@w3bstream/chain')
  if (options.imageId === undefined) throw new UsageError('--risc0 asks for --image-id.')
  if (options.proofBytes !== undefined)
    throw new UsageError('--proof-bytes is of Halo2: receipts of RISC Zero have one length.')
  const router = routerOf(contracts)
  return {
    verifier: options.contract === undefined ? router : address(options.contract, '--contract'),
    outputWords: outputWords(options),
    proofBytes: riscZeroRelease.sealBytes,
    verifyGas: verifyGas(options, riscZeroRelease.verifyGas),
    inputBound: options.inputBound,
    riscZero: {
      imageId: readImageId(options.imageId),
      selector: options.selector === undefined ? riscZeroRelease.selector : selector(options.selector),
    },
  }
}

/** @throws {UsageError} an earlier release's deployment, whose settlement router takes no guest, whichever contract verifies it */
function routerOf({ riscZeroRouter }: Contracts): Address {
  if (riscZeroRouter != null) return riscZeroRouter
  throw new UsageError(
    'This deployment has no verifier of RISC Zero receipts.',
    'An earlier release made it, and its settlement router takes none: run `w3b contracts deploy` with a new --data-dir, or move deployment.json away first, and register projects there.',
  )
}

function selector(text: string): Hex {
  if (!/^(?:0x)?[0-9a-fA-F]{8}$/.test(text)) throw new UsageError('--selector has to be 8 hex digits.')
  return `0x${text.replace(/^0x/, '').toLowerCase()}`
}

function outputWords(options: Options): number {
  return integer('--output-words', options.outputWords, 0xffff)
}

function verifyGas({ verifyGas: text }: Options, usual: number): number {
  return text === undefined ? usual : integer('--verify-gas', text, 0xffff_ffff)
}

/** Whether what is registered is what was asked for; the gas limit says nothing about which proofs are taken. */
function same(a: VerifierRegistration, b: VerifierRegistration): boolean {
  return particulars(a) === particulars(b)
}

function particulars({ verifier, outputWords, proofBytes, inputBound, riscZero }: VerifierRegistration): string {
  const bound = inputBound ? '' : ', unbound'
  const image = riscZero === undefined ? '' : `, image id ${riscZero.imageId}, selector ${riscZero.selector}`
  return `${verifier} (${outputWords} words, ${proofBytes} bytes${bound}${image})`
}

/** The node's word counts only about the file that the chain has. */
async function defaultVersion(
  options: Options,
  env: Readonly<Record<string, string | undefined>>,
  id: bigint,
  configHash: string,
): Promise<string> {
  const project = await (await connect(options, env)).ask(`/v1/projects/${id}`, answers.project)
  if (hash(project.hash) !== configHash)
    throw new UsageError(
      'The node has not seen the project’s newest file yet.',
      'Try again, or give --project-version.',
    )
  return project.defaultVersion
}

function integer(option: string, text: string, max: number): number {
  const value = /^[1-9][0-9]{0,9}$/.test(text) ? Number(text) : 0
  if (value < 1 || value > max) throw new UsageError(`${option} has to be an integer from 1 to ${max}.`)
  return value
}
