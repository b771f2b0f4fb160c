/** Cargo for what runs on this machine: the native runtime, the tools of the build, the tests. */
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { BuildError, cache, folder, run } from './compiler.mjs'

/** Holds what is compiled for this machine, and the runtime's binary. */
export const native = join(dirname(cache), 'native')

/** Shared by all of them, so that each crate is compiled once. */
export const nativeTarget = join(native, 'target')

/**
 * Names RISC Zero's recursion archive for its build script, as native/build.mjs found it; empty or absent: none. One place for all builds: another answer compiles
 * the zkVM again.
 */
export const archiveChoice = join(native, 'recursion-archive')

/** First that is there compiles the zkVM's kernels: clang takes seconds for a file that takes g++ minutes. */
const COMPILERS = [
  'clang++-19',
  'clang++',
  'clang++-20',
  'clang++-18',
  'clang++-17',
  'clang++-16',
  'clang++-15',
  'g++',
  'c++',
]

/**
 * Runs PATH's cargo.
 *
 * Whatever is wanted, `w3b-runtime` should be among the packages: cargo gives a shared crate the features that all
 * packages of one run ask for, and with another set of them it would be compiled again.
 *
 * @param packages crates of the workspace
 */
export function nativeCargo(command, packages, options = []) {
  const archive = existsSync(archiveChoice) ? readFileSync(archiveChoice, 'utf8') : ''
  const env = {
    // Without the archive the zkVM's build script would wait for it and fail; so it makes an empty one.
    ...(archive ? { RECURSION_SRC_PATH: archive } : { DOCS_RS: '1' }),
    ...process.env,
    CXX: kernelCompiler(),
    CARGO_TARGET_DIR: folder(nativeTarget),
  }
  const features = packages.filter((name) => name.endsWith('-circuit')).flatMap((name) => ['-F', `${name}/keygen`])
  const named = packages.flatMap((name) => ['-p', name])
  run('cargo', [command, '--locked', '--profile', 'native', ...named, ...features, ...options], { env })
}

/** The C++ compiler of this machine. */
export function kernelCompiler() {
  const found = process.env.CXX ?? COMPILERS.find(answers)
  if (found && answers(found)) return found
  throw new BuildError('A C++ compiler is missing: apt-get install clang-19, or name one in CXX', 3)
}

/** Whether a tool is there. */
export function answers(tool) {
  return spawnSync(tool, ['--version'], { stdio: 'ignore' }).status === 0
}
