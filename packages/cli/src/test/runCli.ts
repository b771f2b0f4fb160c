import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'

/** How a command ended. */
export interface CliRun {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** A command that runs. */
export interface CliProcess {
  /** Resolves when stdout has text that `matches`; rejects when the command ends before. */
  until(matches: (stdout: string) => boolean): Promise<string>
  kill(signal: NodeJS.Signals): void
  readonly ended: Promise<CliRun>
}

export interface CliOptions {
  readonly env?: Readonly<Record<string, string>>
  readonly input?: string
  readonly cwd?: string
  /** Flags for Node itself. */
  readonly nodeFlags?: readonly string[]
}

const BIN = fileURLToPath(new URL('../../bin/w3b.js', import.meta.url))

/** Starts the real `w3b` as a process of its own, without any W3B_ variable of ours. */
export function startCli(args: readonly string[], options: CliOptions = {}): CliProcess {
  const { PATH = '', HOME = '' } = process.env
  const child = spawn(process.execPath, [...(options.nodeFlags ?? []), BIN, ...args], {
    env: { PATH, HOME, ...options.env },
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  })
  let stdout = ''
  let stderr = ''
  const listeners = new Set<() => void>()
  const told = () => {
    for (const listener of listeners) listener()
  }
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
    told()
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  child.stdin.end(options.input ?? '')
  const ended = new Promise<CliRun>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) => {
      resolve({ code, stdout, stderr })
      told()
    })
  })
  onTestFinished(async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL')
    await ended
  })
  return {
    ended,
    kill: (signal) => child.kill(signal),
    until: (matches) =>
      new Promise((resolve, reject) => {
        const look = () => {
          if (matches(stdout)) resolve(stdout)
          else if (child.exitCode !== null || child.signalCode !== null)
            reject(new Error(`it ended: ${stdout}${stderr}`))
          else return
          listeners.delete(look)
        }
        listeners.add(look)
        look()
      }),
  }
}

/** Runs the real `w3b` to its end. */
export function runCli(args: readonly string[], options: CliOptions = {}): Promise<CliRun> {
  return startCli(args, options).ended
}
