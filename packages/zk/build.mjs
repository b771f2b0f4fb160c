#!/usr/bin/env node
/**
 * Builds what is committed of the circuits: WASM modules, proving keys, Solidity verifiers, golden vectors.
 *
 *   node packages/zk/build.mjs           writes them into the checkout
 *   node packages/zk/build.mjs --check   builds them into the cache folder and compares with the checkout
 *   node packages/zk/build.mjs --test    runs the circuits' own tests
 *
 * Exit codes: 0 done or equal, 1 failed or different, 3 the pinned compiler cannot be had, so nothing was compared.
 */
import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, relative } from 'node:path'
import {
  BuildError,
  cache,
  cargo,
  cargoEnv,
  compare,
  folder,
  main,
  PINNED,
  root,
  run,
  sha256,
  zk,
} from './compiler.mjs'

const CIRCUITS = [{ name: 'weather', crate: 'weather-circuit', artifacts: 'examples/halo2-weather/artifacts' }]
const FIXTURES = { modules: ['prove_string', 'prove_bytes'], artifacts: 'packages/runtimes/src/halo2/fixtures' }
const VECTORS = 'test/vectors/input-commitment.json'
const WASM = 'wasm32-unknown-unknown'

const require = createRequire(join(root, 'examples/halo2-weather/package.json'))
const check = process.argv.includes('--check')
const out = check ? join(cache, 'check') : root

/**
 * Builds a workspace's tools, or tests it, always with the same features, so that what it depends on is compiled once.
 *
 * @returns the folder of the tools
 */
function native(workspace, command) {
  const target = folder(join(cache, 'target', workspace === zk ? 'native' : 'native-fixtures'))
  const crates = workspace === zk ? ['halo2-kit', ...CIRCUITS.map(({ crate }) => crate)] : []
  const features = crates.flatMap((crate) => ['--features', `${crate}/keygen`])
  const packages = ['bindgen', ...crates].flatMap((crate) => ['-p', crate])
  // Not the documentation's tests: rustdoc is not installed with this compiler.
  const targets = crates.length ? ['--lib', '--bins'] : ['--bins']
  const args = ['--locked', '--profile', 'tool', ...targets, ...packages, ...features]
  cargo([command, ...args], { cwd: workspace, env: cargoEnv(target) })
  return join(target, 'tool')
}

function wasmModules(workspace, packages, flags, extraEnv = {}) {
  const target = folder(join(cache, 'target', workspace === zk ? 'wasm' : 'wasm-fixtures'))
  const args = ['-Zbuild-std=std,panic_abort', '--target', WASM, ...packages.flatMap((name) => ['-p', name])]
  const env = { ...cargoEnv(target, flags), ...extraEnv }
  cargo(['build', '--locked', '--release', '--lib', ...args], { cwd: workspace, env })
  return join(target, WASM, 'release')
}

function finish(bindgen, wasm, name, optimizer, file) {
  const glue = folder(join(cache, 'glue'))
  run(bindgen, [wasm, glue, name])
  const wasmOpt = join(dirname(require.resolve('binaryen/package.json')), 'bin/wasm-opt')
  run(process.execPath, [wasmOpt, ...optimizer, join(glue, `${name}_bg.wasm`), '-o', file])
}

/** The verifier's code as forge's profile `verifier` compiles it: the optimizer breaks generated verifiers. */
function runtimeCode(source) {
  const solc = require('solc')
  const settings = {
    evmVersion: 'cancun',
    optimizer: { enabled: false },
    metadata: { appendCBOR: false, bytecodeHash: 'none' },
    outputSelection: { '*': { '*': ['evm.deployedBytecode.object'] } },
  }
  const input = { language: 'Solidity', sources: { 'Verifier.sol': { content: source } }, settings }
  const { contracts, errors = [] } = JSON.parse(solc.compile(JSON.stringify(input)))
  const error = errors.find(({ severity }) => severity === 'error')
  if (error) throw new BuildError(error.formattedMessage)
  const [{ evm }] = Object.values(contracts['Verifier.sol'])
  return Buffer.from(evm.deployedBytecode.object, 'hex')
}

function buildCircuit({ name, crate, artifacts }, tools) {
  const made = folder(join(out, artifacts))
  run(join(tools, `keygen-${name}`), [made])
  const circuit = JSON.parse(readFileSync(join(made, 'circuit.json'), 'utf8'))
  rmSync(join(made, 'circuit.json'))

  const flags = [
    '-Ctarget-feature=+atomics,+bulk-memory,+mutable-globals,-reference-types',
    '-Zunstable-options',
    '-Cpanic=immediate-abort',
  ]
  const built = wasmModules(zk, [crate], flags, { PROVING_KEY_SHA256: circuit.keySha256 })
  const wasm = join(made, `${name}.wasm`)
  const features = ['threads', 'bulk-memory', 'mutable-globals', 'nontrapping-float-to-int', 'sign-ext', 'multivalue']
  const optimizer = ['-O3', '--strip-debug', '--strip-producers', ...features.map((feature) => `--enable-${feature}`)]
  finish(join(tools, 'bindgen'), join(built, `${crate.replaceAll('-', '_')}.wasm`), name, optimizer, wasm)

  const code = runtimeCode(readFileSync(join(made, 'Verifier.sol'), 'utf8'))
  const { keySha256, ...rest } = circuit
  const described = (file) => {
    const bytes = readFileSync(join(made, file))
    return { file, bytes: bytes.length, sha256: sha256(bytes) }
  }
  const about = {
    generatedBy: 'node packages/zk/build.mjs',
    compiler: `rustc-web ${PINNED['rustc-web']}`,
    wasm: described(`${name}.wasm`),
    provingKey: described('proving.key'),
    verifier: { ...described('Verifier.sol'), runtimeBytes: code.length, runtimeCodeHash: keccak256(code) },
    ...rest,
  }
  writeFileSync(join(made, 'artifacts.json'), `${JSON.stringify(about, null, 2)}\n`)
}

function keccak256(bytes) {
  const { keccak_256 } = require('@noble/hashes/sha3.js')
  return `0x${Buffer.from(keccak_256(bytes)).toString('hex')}`
}

function buildFixtures() {
  const workspace = join(zk, 'abi-fixtures')
  const bindgen = join(native(workspace, 'build'), 'bindgen')
  const crates = FIXTURES.modules.map((module) => module.replaceAll('_', '-'))
  const built = wasmModules(workspace, crates, ['-Ctarget-cpu=mvp'])
  const made = folder(join(out, FIXTURES.artifacts))
  for (const module of FIXTURES.modules) {
    const optimizer = ['-Os', '--mvp-features', '--strip-debug', '--strip-producers']
    finish(bindgen, join(built, `${module}.wasm`), module, optimizer, join(made, `${module}.wasm`))
  }
}

function buildVectors(tools) {
  const file = join(out, VECTORS)
  folder(dirname(file))
  run(join(tools, 'vectors'), [file])
  // As the repository's own formatter has it, wherever the file lies.
  const biome = join(dirname(require.resolve('@biomejs/biome/package.json')), 'bin/biome')
  const options = { cwd: root, input: readFileSync(file), stdio: ['pipe', 'pipe', 'inherit'], maxBuffer: 1 << 26 }
  const { status, stdout } = spawnSync(process.execPath, [biome, 'format', `--stdin-file-path=${VECTORS}`], options)
  if (status !== 0) throw new BuildError(`biome format failed: exit ${status}`)
  writeFileSync(file, stdout)
}

/** What lies below the folder that was built into. */
function written() {
  const folders = [...CIRCUITS, FIXTURES].map(({ artifacts }) => artifacts)
  return [...folders.flatMap((path) => readdirSync(join(out, path)).map((file) => join(path, file))), VECTORS]
}

function build() {
  if (check) rmSync(out, { recursive: true, force: true })
  const tools = native(zk, 'build')
  buildVectors(tools)
  for (const circuit of CIRCUITS) buildCircuit(circuit, tools)
  buildFixtures()
  if (check) compare(out, written())
  else
    console.log(
      `Wrote ${[...CIRCUITS, FIXTURES].map(({ artifacts }) => relative(root, join(out, artifacts))).join(', ')}, ${VECTORS}`,
    )
}

main(process.argv.includes('--test') ? () => native(zk, 'test') : build)
