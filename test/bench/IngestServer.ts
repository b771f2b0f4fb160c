import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { z } from 'zod'

/** When a task of the project under load closes. */
export const AGGREGATION = { amount: 1_000, maxAgeMs: 5_000 } as const

const READY = z.object({
  port: z.int(),
  projectId: z.string(),
  version: z.string(),
  chainId: z.string(),
  registry: z.templateLiteral(['0x', z.string()]),
})
const STATE = z.object({ waiting: z.int(), cpuMs: z.number() })

/** Where the server listens, and the project that takes messages. */
export type ServerReady = z.infer<typeof READY>
/** Messages that wait to be packed, and CPU time spent so far. */
export type ServerState = z.infer<typeof STATE>

/** The process that runs `ingestServer.child.ts`. */
export class IngestServer {
  readonly ready: ServerReady
  readonly #child: ChildProcess

  private constructor(child: ChildProcess, ready: ServerReady) {
    this.#child = child
    this.ready = ready
  }

  /** @param profileDir where it leaves a CPU profile when it stops */
  static async start(dataDir: string, profileDir: string | null): Promise<IngestServer> {
    const child = fork(join(import.meta.dirname, 'ingestServer.child.ts'), [dataDir], {
      // Results of proofs are printed there, and there are none.
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      execArgv: profileDir === null ? [] : ['--cpu-prof', '--cpu-prof-dir', profileDir],
    })
    return new IngestServer(child, READY.parse(await next(child)))
  }

  async state(): Promise<ServerState> {
    this.#child.send('state')
    return STATE.parse(await next(this.#child))
  }

  async stop(): Promise<void> {
    const exit = once(this.#child, 'exit')
    this.#child.disconnect()
    await exit
  }
}

/** The child's next word. */
function next(child: ChildProcess): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const ended = (code: number | null): void => reject(new Error(`the server ended with ${code}`))
    child.once('exit', ended)
    child.once('message', (message) => {
      child.off('exit', ended)
      resolve(message)
    })
  })
}
