import { address, hash, projectId, W3bError } from '@w3bstream/protocol'
import type { Command } from 'commander'
import type { CommandContext } from '../CommandContext.ts'
import { type OwnerOptions, withDataDir, withOwnerKey, withRpc } from '../chain/chainOptions.ts'
import { withOwner } from '../chain/withOwner.ts'
import { UsageError } from '../errors/UsageError.ts'
import { answers } from '../node/answers.ts'
import { connect, type NodeOptions, withNode } from '../node/nodeOptions.ts'
import { rows } from '../output/rows.ts'

interface Options extends OwnerOptions, NodeOptions {
  readonly contract: string
  readonly outputWords: string
  readonly proofBytes: string
  readonly verifyGas: string
  readonly inputBound: boolean
  readonly projectVersion?: string
  readonly dataDir?: string
}

/** `w3b project verifier` */
export function registerVerifier(parent: Command, context: CommandContext): void {
  withOwnerKey(withDataDir(withRpc(withNode(parent.command('verifier')))))
    .description('register the verifier contract of a project’s newest file, for good')
    .argument('<id>', 'id of the project')
    .requiredOption('--contract <address>', 'the verifier, deployed')
    .requiredOption('--output-words <n>', 'public outputs of the circuit, 32 bytes each')
    .requiredOption('--proof-bytes <n>', 'exact length of a proof')
    .option('--verify-gas <n>', 'most gas that a verification may take', '600000')
    .option('--no-input-bound', 'its proofs do not open the input commitment')
    .option('--project-version <version>', 'the version whose proofs it verifies (default: the node’s default version)')
    .action(async (text: string, options: Options) => {
      const { terminal, env } = context
      const id = projectId(text)
      const entry = {
        verifier: address(options.contract, '--contract'),
        outputWords: integer('--output-words', options.outputWords, 0xffff),
        proofBytes: integer('--proof-bytes', options.proofBytes, 0xffff_ffff),
        verifyGas: integer('--verify-gas', options.verifyGas, 0xffff_ffff),
        inputBound: options.inputBound,
      }
      const result = await withOwner(options, env, async (owner) => {
        const configHash = await owner.configHash(id)
        const version = options.projectVersion ?? (await defaultVersion(options, env, id, configHash))
        terminal.progress(`Registering ${entry.verifier} for project ${id}, version ${version} …`)
        const key = await owner.registerVerifier({ id, configHash, version, verifier: entry })
        const registered = await owner.verifierOf(key)
        if (registered !== entry.verifier)
          throw new W3bError(
            'VERIFIER_TAKEN',
            `Version ${version} of this file has the verifier ${registered} already.`,
            {
              status: 409,
              hint: 'A verifier is registered for good: publish the project anew for another one.',
            },
          )
        return { projectId: String(id), version, configHash, key, ...entry }
      })
      terminal.result(result, (colors) =>
        rows(colors, [
          ['project', result.projectId],
          ['version', result.version],
          ['verifier', result.verifier],
          ['key', result.key],
          ['binding', result.inputBound ? 'proofs open the input commitment' : 'nothing binds proofs to the messages'],
        ]),
      )
    })
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
