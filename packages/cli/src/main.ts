import { readFileSync } from 'node:fs'
import type { Readable, Writable } from 'node:stream'
import { onInterrupt } from '@w3bstream/local/onInterrupt'
import { InvalidInputError } from '@w3bstream/protocol'
import { CommanderError } from 'commander'
import * as z from 'zod'
import type { CommandContext } from './CommandContext.ts'
import { createProgram } from './createProgram.ts'
import { UsageError } from './errors/UsageError.ts'
import { Terminal } from './output/Terminal.ts'

/** Streams and variables of a process. */
export interface ProcessIo {
  readonly stdout: Writable & { readonly isTTY?: boolean }
  readonly stderr: Writable & { readonly isTTY?: boolean }
  readonly stdin: Readable
  readonly env: Readonly<Record<string, string | undefined>>
}

/**
 * Runs one `w3b` command.
 * @param args without the program's name
 * @returns the exit code: 0; 1 where it failed or the answer is no; 2 where it was called wrongly
 */
export async function main(args: readonly string[], io: ProcessIo = process): Promise<number> {
  const { stdout, stderr, stdin, env } = io
  // A reader that has seen enough (`| head`) is no failure.
  const broken = (error: Error) => {
    if (!('code' in error) || error.code !== 'EPIPE') throw error
  }
  stdout.on('error', broken)
  const options = args.includes('--') ? args.slice(0, args.indexOf('--')) : args
  const terminal = new Terminal({ out: stdout, err: stderr, env, json: options.includes('--json') })
  const interrupt = onInterrupt()
  let failed = false
  const context: CommandContext = {
    terminal,
    env,
    stdin,
    signal: interrupt.signal,
    fail: () => {
      failed = true
    },
  }
  try {
    await createProgram(context, version()).parseAsync([...args], { from: 'user' })
    return failed ? 1 : 0
  } catch (error) {
    if (error instanceof CommanderError) {
      if (error.exitCode === 0) return 0
      // Commander has told people already.
      if (terminal.json) terminal.result({ code: 'USAGE', error: error.message.replace(/^error: /, '') }, () => '')
      return 2
    }
    terminal.failure(error)
    return error instanceof UsageError || error instanceof InvalidInputError ? 2 : 1
  } finally {
    interrupt.release()
  }
}

function version(): string {
  const file: unknown = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))
  return z.object({ version: z.string() }).parse(file).version
}
