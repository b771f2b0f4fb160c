import { accessSync, constants, mkdirSync } from 'node:fs'
import { W3bError } from '@w3bstream/protocol'

/** The data directory cannot be made or written. */
export class DataDirError extends W3bError {
  override readonly name = 'DataDirError'
  constructor(p: { dir: string; cause: unknown }) {
    super('DATA_DIR', `The data directory ${p.dir} cannot be used: ${reasonOf(p.cause)}.`, {
      hint: 'Choose another with --data-dir.',
      meta: { dir: p.dir },
      cause: p.cause,
    })
  }
}

/** Makes a data directory where there is none, readable by its owner alone. @throws {DataDirError} */
export function makeDataDir(dir: string): void {
  try {
    mkdirSync(dir, { recursive: true, mode: 0o700 })
    accessSync(dir, constants.R_OK | constants.W_OK | constants.X_OK)
  } catch (cause) {
    throw new DataDirError({ dir, cause })
  }
}

function reasonOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause)
}
