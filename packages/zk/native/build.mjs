#!/usr/bin/env node
/**
 * Builds the native runtime, `w3b-runtime`, into the user's cache folder, and prints where it lies.
 *
 *   node packages/zk/native/build.mjs          builds; a second run only looks whether there is something to do
 *   node packages/zk/native/build.mjs --test   runs its tests, the provers' and the circuits'
 *
 * Groth16 receipts are made on this machine only by a build that has RISC Zero's recursion archive. It is looked for once, and the answer is kept in the cache folder;
 * `W3B_RECURSION_ARCHIVE` names the file, `none` builds without it, `look` looks again.
 *
 * Exit codes: 0 done, 1 failed, 3 a tool is missing, and the message says which.
 */
import { spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { request } from 'node:https'
import { dirname, join, resolve } from 'node:path'
import { BuildError, folder, zk } from '../compiler.mjs'
import { answers, archiveChoice, kernelCompiler, native, nativeCargo, nativeTarget } from '../nativeCargo.mjs'

/** The oldest cargo that knows what the sources use. */
const CARGO = [1, 89]
const CRATES = [
  'w3b-runtime',
  'risc0-prover',
  'halo2-native',
  'halo2-kit',
  'weather-circuit',
  'signed-readings-circuit',
]
const binary = join(folder(join(native, 'bin')), 'w3b-runtime')

function checkTools() {
  if (!answers('cargo')) {
    throw new BuildError('Rust is missing: install it from https://rustup.rs, or apt-get install cargo', 3)
  }
  const { stdout } = spawnSync('cargo', ['--version'], { encoding: 'utf8' })
  const [, major = 0, minor = 0] = /cargo (\d+)\.(\d+)/.exec(stdout) ?? []
  if (Number(major) === CARGO[0] && Number(minor) < CARGO[1]) {
    throw new BuildError(`Rust is too old (${stdout.trim()}): ${CARGO.join('.')} is needed, as by rustup update`, 3)
  }
  const compiler = kernelCompiler()
  if (!compiler.includes('clang')) {
    console.error(`${compiler} takes minutes for each of the zkVM's files, clang seconds: apt-get install clang-19`)
  }
}

/** Finds the recursion archive, and keeps the answer: another one would compile the zkVM again. */
async function chooseArchive() {
  const asked = process.env.W3B_RECURSION_ARCHIVE ?? ''
  if (existsSync(archiveChoice) && !asked) return
  if (asked === 'none') return writeFileSync(archiveChoice, '')
  if (asked && asked !== 'look') {
    const file = resolve(asked)
    if (!existsSync(file)) throw new BuildError(`W3B_RECURSION_ARCHIVE names no file: ${file}`)
    return writeFileSync(archiveChoice, file)
  }
  const found = await isThere(archiveUrl())
  if (!found) console.error("RISC Zero's recursion archive cannot be had here: built without Groth16 receipts")
  // No file: its build script fetches it then, and checks its hash.
  writeFileSync(archiveChoice, found ? 'fetched' : '')
}

/** Where the zkVM's build script fetches the archive, by its own source. */
function archiveUrl() {
  const options = { cwd: zk, encoding: 'utf8', maxBuffer: 2 ** 28, stdio: ['ignore', 'pipe', 'inherit'] }
  const { status, stdout } = spawnSync('cargo', ['metadata', '--locked', '--format-version=1'], options)
  if (status !== 0) throw new BuildError('The crates cannot be fetched')
  const crate = JSON.parse(stdout).packages.find(({ name }) => name === 'risc0-circuit-recursion')
  const source = crate ? readFileSync(join(dirname(crate.manifest_path), 'build.rs'), 'utf8') : ''
  const hash = /SHA256_HASH: &str = "(\w+)"/.exec(source)?.[1] ?? ''
  return /https:\/\/[^"]+/g.exec(source.slice(source.indexOf('let url')))?.[0].replace('{SHA256_HASH}', hash)
}

function isThere(url) {
  if (!url) return false
  return new Promise((answer) => {
    const asking = request(url, { method: 'HEAD', timeout: 5_000 }, (response) => {
      response.resume()
      answer(response.statusCode === 200)
    })
    asking.on('timeout', () => asking.destroy())
    asking.on('error', () => answer(false))
    asking.end()
  })
}

/** Replaces the binary at once, so that a server that runs goes on with the one it has. */
function install() {
  const built = join(nativeTarget, 'native', 'w3b-runtime')
  const same = existsSync(binary) && statSync(binary).size === statSync(built).size
  if (same && readFileSync(binary).equals(readFileSync(built))) return
  const unfinished = `${binary}.${process.pid}`
  try {
    copyFileSync(built, unfinished)
    renameSync(unfinished, binary)
  } finally {
    rmSync(unfinished, { force: true })
  }
}

async function main() {
  checkTools()
  await chooseArchive()
  if (process.argv.includes('--test')) {
    nativeCargo('test', CRATES, ['--lib', '--bins', '--tests'])
    return
  }
  if (!existsSync(join(nativeTarget, 'native')))
    console.log('The first build compiles some 400 crates: ten minutes or so.')
  nativeCargo('build', ['w3b-runtime'], ['--bins'])
  install()
  console.log(binary)
}

try {
  await main()
} catch (error) {
  if (!(error instanceof BuildError)) throw error
  console.error(error.message)
  process.exitCode = error.exitCode
}
