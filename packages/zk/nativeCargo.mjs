/** Cargo for what runs on this machine: the native runtime, the tools of the build, the tests. */
import { dirname, join } from 'node:path'
import { cache, folder, run } from './compiler.mjs'

/** Shared by all of them, so that each crate is compiled once. */
export const nativeTarget = join(dirname(cache), 'native', 'target')

/**
 * Runs PATH's cargo.
 *
 * Whatever is wanted, `w3b-runtime` should be among the packages: cargo gives a shared crate the features that all
 * packages of one run ask for, and with another set of them it would be compiled again.
 *
 * @param packages crates of the workspace
 */
export function nativeCargo(command, packages, options = []) {
  const env = { CXX: 'clang++-19', DOCS_RS: '1', ...process.env, CARGO_TARGET_DIR: folder(nativeTarget) }
  const features = packages.filter((name) => name.endsWith('-circuit')).flatMap((name) => ['-F', `${name}/keygen`])
  const named = packages.flatMap((name) => ['-p', name])
  run('cargo', [command, '--locked', '--profile', 'native', ...named, ...features, ...options], { env })
}
