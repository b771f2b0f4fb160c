import { spawn } from 'node:child_process'
import { once } from 'node:events'

/** A child process that ends with this one, however this one ends. */
export interface TiedProcess {
  /** What it has written so far, its end only. */
  readonly output: () => string
  /** Resolves when it ended. */
  readonly ended: Promise<void>
  readonly hasEnded: () => boolean
  stop(): Promise<void>
}

const KEPT_OUTPUT = 4_000

/** The shell ends the command when its own standard input closes, which the kernel does for a parent that was killed. */
const TIE = `exec 3<&0
"$@" </dev/null 3<&- &
pid=$!
{ cat <&3 >/dev/null; kill "$pid" 2>/dev/null; } &
wait "$pid"`

/** Starts a command that does not outlive this process. */
export function spawnTied(
  command: string,
  args: readonly string[],
  options: { readonly cwd?: string; readonly env?: Readonly<Record<string, string | undefined>> } = {},
): TiedProcess {
  const child = spawn('sh', ['-c', TIE, 'sh', command, ...args], { stdio: ['pipe', 'pipe', 'pipe'], ...options })
  let output = ''
  const keep = (chunk: Buffer): void => {
    output = (output + chunk.toString()).slice(-KEPT_OUTPUT)
  }
  child.stdout.on('data', keep)
  child.stderr.on('data', keep)
  // The pipe breaks where the command ended by itself.
  child.stdin.on('error', () => {})
  child.on('error', (error) => keep(Buffer.from(error.message)))
  const ended = Promise.race([once(child, 'exit'), once(child, 'error')]).then(
    () => {
      child.stdin.destroy()
    },
    () => {},
  )
  return {
    output: () => output,
    ended,
    hasEnded: () => child.exitCode !== null || child.signalCode !== null || child.pid === undefined,
    async stop() {
      child.stdin.destroy()
      await ended
    },
  }
}
