#!/usr/bin/env node
/**
 * Builds what is committed of the circuits: WASM modules, keys, Solidity verifiers, golden vectors.
 *
 *   node packages/zk/build.mjs           writes them into the checkout, with the SRS for tests or the one that W3B_SRS names
 *   node packages/zk/build.mjs --check   builds them into the cache folder and compares with the checkout
 *   node packages/zk/build.mjs --test    runs the tests of the workspace: circuits and native runtime
 *
 * WASM is built by the pinned compiler, since its bytes depend on it; tools and tests by PATH's cargo, together with the
 * native runtime.
 *
 * Exit codes: 0 done or equal, 1 failed or different, 3 the pinned compiler cannot be had, so nothing was compared.
 */
import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, resolve } from 'node:path'
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
import { nativeCargo, nativeTarget } from './nativeCargo.mjs'

/** `module`: proved as WASM too, and so with its proving key committed. */
const CIRCUITS = [
  { name: 'weather', crate: 'weather-circuit', artifacts: 'examples/halo2-weather/artifacts', module: true },
  { name: 'signed-readings', crate: 'signed-readings-circuit', artifacts: 'examples/signed-readings/artifacts' },
]
const FIXTURES = { modules: ['prove_string', 'prove_bytes'], artifacts: 'packages/runtimes/src/halo2/fixtures' }
const VECTORS = [
  { tool: 'vectors', file: 'test/vectors/input-commitment.json' },
  { tool: 'vectors-signed-readings', file: 'test/vectors/signed-readings.json' },
]
const WASM = 'wasm32-unknown-unknown'

const require = createRequire(join(root, 'examples/halo2-weather/package.json'))
const check = process.argv.includes('--check')
const out = check ? join(cache, 'check') : root

const crates = ['halo2-kit', ...CIRCUITS.map(({ crate }) => crate)]

/** @returns the folder of the tools */
function buildTools() {
  nativeCargo('build', ['w3b-runtime', ...crates], ['--bins'])
  nativeCargo('build', ['bindgen'], ['--bins'])
  return join(nativeTarget, 'native')
}

function test() {
  nativeCargo('test', ['w3b-runtime', 'risc0-prover', 'halo2-native', ...crates], ['--lib', '--bins', '--tests'])
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

function buildCircuit({ name, crate, artifacts, module }, tools) {
  const made = folder(join(out, artifacts))
  const { W3B_SRS: srs, ...env } = process.env
  // What is committed has the SRS for tests, whichever this machine's operator uses. The tool runs in another folder than this script.
  if (srs !== undefined && !check) env.W3B_SRS = resolve(srs)
  run(join(tools, `keygen-${name}`), [made], { env })
  const { provingKey, verifyingKey, ...circuit } = JSON.parse(readFileSync(join(made, 'circuit.json'), 'utf8'))
  rmSync(join(made, 'circuit.json'))
  if (module) buildModule({ name, crate, made, keySha256: provingKey.sha256 }, tools)
  else rmSync(join(made, 'proving.key'))

  const described = (file) => {
    const bytes = readFileSync(join(made, file))
    return { file, bytes: bytes.length, sha256: sha256(bytes) }
  }
  const code = runtimeCode(readFileSync(join(made, 'Verifier.sol'), 'utf8'))
  const about = {
    generatedBy: 'node packages/zk/build.mjs',
    ...(module && { compiler: `rustc-web ${PINNED['rustc-web']}`, wasm: described(`${name}.wasm`) }),
    provingKey: { ...(module && { file: 'proving.key' }), ...provingKey },
    verifyingKey: { file: 'verifying.key', ...verifyingKey },
    verifier: { ...described('Verifier.sol'), runtimeBytes: code.length, runtimeCodeHash: keccak256(code) },
    ...circuit,
  }
  writeFileSync(join(made, 'artifacts.json'), `${JSON.stringify(about, null, 2)}\n`)
}

function buildModule({ name, crate, made, keySha256 }, tools) {
  const flags = [
    '-Ctarget-feature=+atomics,+bulk-memory,+mutable-globals,-reference-types',
    '-Zunstable-options',
    '-Cpanic=immediate-abort',
  ]
  const built = wasmModules(zk, [crate], flags, { PROVING_KEY_SHA256: keySha256 })
  const wasm = join(made, `${name}.wasm`)
  const features = ['threads', 'bulk-memory', 'mutable-globals', 'nontrapping-float-to-int', 'sign-ext', 'multivalue']
  const optimizer = ['-O3', '--strip-debug', '--strip-producers', ...features.map((feature) => `--enable-${feature}`)]
  finish(join(tools, 'bindgen'), join(built, `${crate.replaceAll('-', '_')}.wasm`), name, optimizer, wasm)
}

function keccak256(bytes) {
  const { keccak_256 } = require('@noble/hashes/sha3.js')
  return `0x${Buffer.from(keccak_256(bytes)).toString('hex')}`
}

function buildFixtures() {
  const workspace = join(zk, 'abi-fixtures')
  const target = folder(join(cache, 'target', 'native-fixtures'))
  cargo(['build', '--locked', '--profile', 'tool', '-p', 'bindgen'], { cwd: workspace, env: cargoEnv(target) })
  const bindgen = join(target, 'tool', 'bindgen')
  const crates = FIXTURES.modules.map((module) => module.replaceAll('_', '-'))
  const built = wasmModules(workspace, crates, ['-Ctarget-cpu=mvp'])
  const made = folder(join(out, FIXTURES.artifacts))
  for (const module of FIXTURES.modules) {
    const optimizer = ['-Os', '--mvp-features', '--strip-debug', '--strip-producers']
    finish(bindgen, join(built, `${module}.wasm`), module, optimizer, join(made, `${module}.wasm`))
  }
}

function buildVectors({ tool, file: name }, tools) {
  const file = join(out, name)
  folder(dirname(file))
  run(join(tools, tool), [file])
  // As the repository's own formatter has it, wherever the file lies.
  const biome = join(dirname(require.resolve('@biomejs/biome/package.json')), 'bin/biome')
  const options = { cwd: root, input: readFileSync(file), stdio: ['pipe', 'pipe', 'inherit'], maxBuffer: 1 << 26 }
  const { status, stdout } = spawnSync(process.execPath, [biome, 'format', `--stdin-file-path=${name}`], options)
  if (status !== 0) throw new BuildError(`biome format failed: exit ${status}`)
  writeFileSync(file, stdout)
}

/** What lies below the folder that was built into. */
function written() {
  const folders = [...CIRCUITS, FIXTURES].map(({ artifacts }) => artifacts)
  const made = folders.flatMap((path) => readdirSync(join(out, path)).map((file) => join(path, file)))
  return [...made, ...VECTORS.map(({ file }) => file)]
}

function build() {
  if (check) rmSync(out, { recursive: true, force: true })
  const tools = buildTools()
  for (const vectors of VECTORS) buildVectors(vectors, tools)
  for (const circuit of CIRCUITS) buildCircuit(circuit, tools)
  buildFixtures()
  if (check) compare(out, written())
  else console.log(`Wrote ${[...CIRCUITS, FIXTURES].map(({ artifacts }) => artifacts).join(', ')} and vectors`)
}

main(process.argv.includes('--test') ? test : build)
