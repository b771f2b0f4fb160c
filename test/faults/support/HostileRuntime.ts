import type { ProofOutput, ProveJob, Runtime } from '@w3bstream/core/ports'

/** A prover that makes real proofs of something else than its task, or gives them out changed. */
export class HostileRuntime implements Runtime {
  readonly vmType = 'halo2'
  readonly #honest: Runtime
  /** What is proved in place of the task. */
  job: (job: ProveJob) => ProveJob = (job) => job
  /** What is given out in place of the proof. */
  output: (output: ProofOutput) => ProofOutput = (output) => output
  /** What was really proved, and the proof, oldest first. */
  readonly proved: { readonly job: ProveJob; readonly output: ProofOutput }[] = []

  constructor(honest: Runtime) {
    this.#honest = honest
  }

  async prove(job: ProveJob, signal: AbortSignal): Promise<ProofOutput> {
    const changed = this.job(job)
    const output = await this.#honest.prove(changed, signal)
    this.proved.push({ job: changed, output })
    return this.output(output)
  }

  /** From now on it does as it is told. */
  reform(): void {
    this.job = (job) => job
    this.output = (output) => output
  }

  async close(): Promise<void> {}
}
