import { existsSync } from 'node:fs'
import { findNative } from '@w3bstream/runtimes'

/** The native runtime of this machine. */
export interface NativeRuntime {
  /** Its binary, where there is one. */
  readonly binary: string | null
  /** Why there is none, and what to do; null where there is one. */
  readonly missing: string | null
}

/** Looks for the native runtime, which proves RISC Zero and built-in Halo2 circuits. Starts nothing. */
export function nativeRuntime(env: Readonly<Record<string, string | undefined>>): NativeRuntime {
  const options = findNative(env)
  if (options === null) return { binary: null, missing: 'W3B_NATIVE switches it off: RISC Zero tasks fail' }
  if (existsSync(options.binary)) return { binary: options.binary, missing: null }
  const what =
    env.W3B_NATIVE === undefined
      ? 'run `npm run build:native`'
      : `W3B_NATIVE names ${options.binary}, which is not there`
  return { binary: null, missing: `not built, so RISC Zero tasks fail: ${what}` }
}
