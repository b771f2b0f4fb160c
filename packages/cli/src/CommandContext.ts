import type { Readable } from 'node:stream'
import type { Terminal } from './output/Terminal.ts'

/** What a command works with. */
export interface CommandContext {
  readonly terminal: Terminal
  readonly env: Readonly<Record<string, string | undefined>>
  readonly stdin: Readable
  /** Aborts on Ctrl-C and SIGTERM. */
  readonly signal: AbortSignal
  /** The command did its work and the answer is no: exit code 1. */
  readonly fail: () => void
}
