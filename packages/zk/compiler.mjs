/**
 * The pinned compiler of what is committed as bytes (circuits as WASM, guests as ELF): installing it, and running it so that
 * nothing of the machine reaches the output.
 */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'

/** Compilers of Debian that can build std from its packaged source. Another version gives other bytes. */
export const PINNED = {
  'rustc-web': '1.96.0+dfsg1-1~deb12u2',
  'cargo-web': '1.96.0+dfsg1-1~deb12u2',
  'rust-web-src': '1.96.0+dfsg1-1~deb12u2',
  'lld-19': '1:19.1.7-3~deb12u1',
}

export const root = resolve(import.meta.dirname, '../..')
export const zk = import.meta.dirname
/** Holds what is compiled, outside of the checkout. */
export const cache = resolve(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'w3bstream', 'zk')
const cargoHome = resolve(process.env.CARGO_HOME ?? join(homedir(), '.cargo'))

/** Exit codes: 1 failed or different, 3 the pinned compiler cannot be had, so nothing was compared. */
export class BuildError extends Error {
  constructor(message, exitCode = 1) {
    super(message)
    this.exitCode = exitCode
  }
}

export function run(command, args, { env = process.env, cwd = zk } = {}) {
  const { status, error } = spawnSync(command, args, { env, cwd, stdio: ['ignore', 'inherit', 'inherit'] })
  if (status !== 0) throw new BuildError(`${command} ${args[0]} failed: ${error?.message ?? `exit ${status}`}`)
}

/** Runs a build; an error of it becomes the process's exit code. */
export function main(build) {
  try {
    installCompiler()
    build()
  } catch (error) {
    if (!(error instanceof BuildError)) throw error
    console.error(error.message)
    process.exitCode = error.exitCode
  }
}

export const sha256 = (bytes) => `0x${createHash('sha256').update(bytes).digest('hex')}`

export function folder(path) {
  mkdirSync(path, { recursive: true })
  return path
}

/**
 * Compares what was built apart from the checkout with what is committed, byte for byte.
 *
 * @param files paths, the same below `made` and below the checkout
 */
export function compare(made, files) {
  const different = files.filter((file) => {
    const committed = join(root, file)
    return !existsSync(committed) || !readFileSync(committed).equals(readFileSync(join(made, file)))
  })
  if (different.length) {
    throw new BuildError(`Not what the sources give (kept in ${made}):\n  ${different.join('\n  ')}`)
  }
  console.log(`${files.length} files are what the sources give.`)
}

/** The environment of a cargo run in which nothing of the machine reaches the output. */
export function cargoEnv(target, flags = []) {
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(CARGO_|RUST|DOCS_RS)/.test(name)))
  const remap = { [root]: '/w3bstream', [target]: '/target', [join(cargoHome, 'registry/src')]: '/cargo' }
  for (const path of ['/usr/lib/rustlib/src/rust', '/usr/src/rustc-1.96.0']) remap[path] = '/rust'
  const remapped = Object.entries(remap).map(([from, to]) => `--remap-path-prefix=${from}=${to}`)
  return {
    ...env,
    CARGO_HOME: cargoHome,
    CARGO_TARGET_DIR: target,
    CARGO_ENCODED_RUSTFLAGS: [...flags, ...remapped].join('\x1f'),
    CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER: '/usr/bin/wasm-ld-19',
    // std's source is built with the compiler it belongs to, which needs that compiler's unstable flags.
    RUSTC_BOOTSTRAP: '1',
    RUSTC: '/usr/bin/rustc',
  }
}

export const cargo = (args, options) => run('/usr/bin/cargo', args, options)

function installed(pkg) {
  const { stdout } = spawnSync('dpkg-query', ['-W', pkg], { encoding: 'utf8' })
  return stdout?.trim().split('\t')[1] ?? ''
}

function installCompiler() {
  const missing = Object.entries(PINNED).filter(([pkg, version]) => installed(pkg) !== version)
  if (!missing.length) return
  const wanted = Object.entries(PINNED).map(([pkg, version]) => `${pkg}=${version}`)
  const line = `apt-get install -y --no-install-recommends ${wanted.join(' ')}`
  if (process.getuid?.() !== 0) throw new BuildError(`Needs root once, on Debian 12: ${line}`, 3)
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  run('apt-get', ['update', '-qq'], { env })
  try {
    run('apt-get', line.split(' ').slice(1), { env })
  } catch {
    throw new BuildError(`Debian no longer offers the pinned compiler: ${line}`, 3)
  }
}
