import { trialRuntimes, tryProject } from '@w3bstream/local/tryProject'
import { type ProjectId, type ProjectVersion, writeProjectFile } from '@w3bstream/protocol'

/** What a guest made of a task: what it committed and how many cycles it took, or what it panicked with. */
export type Executed =
  | { readonly journal: Uint8Array; readonly userCycles: number; readonly po2: number; readonly segments: number }
  | { readonly refused: string }

/** Executes guests by the native runtime, as `w3b project test` does. */
export function guestExecutor() {
  const runtimes = trialRuntimes({ env: process.env, external: new Map() })
  return {
    async execute(version: ProjectVersion, projectId: ProjectId, payloads: readonly string[]): Promise<Executed> {
      const roomy = { ...version, aggregation: { ...version.aggregation, amount: Math.max(payloads.length, 1) } }
      const file = writeProjectFile({ defaultVersion: version.version, versions: [roomy], unknown: {} })
      const { execution, problems } = await tryProject(
        { file, payloads, projectId, runtimes },
        AbortSignal.timeout(60_000),
      )
      if (execution === null) return { refused: problems.map(({ message }) => message).join('\n') }
      const { journal, cycles } = execution
      if (journal === null || cycles === null) throw new TypeError('the runtime says nothing of the guest')
      return { journal: Buffer.from(journal.slice(2), 'hex'), userCycles: cycles.user, ...cycles }
    },
    [Symbol.asyncDispose]: () => runtimes[Symbol.asyncDispose](),
  }
}
