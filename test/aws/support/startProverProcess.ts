import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

/** A prover in a process of its own. */
export interface ProverProcess {
  /** Resolves when it has leased a task and begun to prove. */
  readonly proving: Promise<void>
  /** As the loss of its machine would: no handler runs. */
  kill(): Promise<void>
}

/** @param options.hangs its proofs never end */
export async function startProverProcess(
  env: Readonly<Record<string, string>>,
  options: { readonly hangs: boolean },
): Promise<ProverProcess> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'prover.child.ts'), String(options.hangs)], {
    env: { ...env, PATH: process.env.PATH },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = once(child, 'exit')
  const lines = createInterface(child.stdout)
  const said = (line: string): Promise<void> =>
    new Promise((resolve) => lines.on('line', (text) => text === line && resolve()))
  const proving = said('proving')
  await Promise.race([said('ready'), ended.then(() => Promise.reject(new Error('the prover ended')))])
  return {
    proving,
    async kill() {
      child.kill('SIGKILL')
      await ended
    },
  }
}
