#!/usr/bin/env node
/**
 * Builds what is committed of the guests: ELF files for the zkVM, and their image ids.
 *
 *   node packages/zk/guests/build.mjs           writes them into the checkout
 *   node packages/zk/guests/build.mjs --check   builds them into the cache folder and compares with the checkout
 *   node packages/zk/guests/build.mjs --test    runs the tests of what guests are made of, on this machine
 *
 * Image ids are computed by the native runtime (`npm run build:native`). Where it is not built, `--check` keeps the recorded
 * id of an ELF whose bytes are the recorded ones, and says so; a guest that changed needs the runtime.
 *
 * Exit codes: 0 done or equal, 1 failed or different, 3 the pinned compiler cannot be had, so nothing was compared.
 */
import { spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { BuildError, cache, cargo, cargoEnv, compare, folder, main, PINNED, root, sha256 } from '../compiler.mjs'

/** Guests of examples: each becomes `artifacts/<name>.elf` with an `artifacts.json` beside it. */
const EXAMPLES = [
  {
    crate: 'weather-guest',
    name: 'weather',
    artifacts: 'examples/risc0-weather/artifacts',
    outputs: ['count', 'sum', 'min', 'max'],
  },
  {
    crate: 'signed-readings-guest',
    name: 'signed-readings',
    artifacts: 'examples/signed-readings/artifacts/guest',
    outputs: ['keysRoot', 'scope', 'count', 'sum', 'min', 'max', 'firstTime', 'lastTime'],
    std: true,
  },
]
/** Guests for the prover's tests: each folder of `tests`. */
const TESTS = { crates: readdirSync(join(import.meta.dirname, 'tests')), to: 'packages/zk/risc0-prover/tests/guests' }
const TARGET = 'riscv32im-risc0-zkvm-elf'
const FLAGS = [
  '-Clinker=/usr/bin/ld.lld-19',
  '-Clinker-flavor=ld.lld',
  // One thread, no interrupts: atomic instructions, which the zkVM lacks, become plain ones.
  '-Cpasses=lower-atomic',
  '-Clink-arg=-Ttext=0x00200800',
  '-Clink-arg=--fatal-warnings',
  '-Cpanic=abort',
]

const check = process.argv.includes('--check')
const out = check ? join(cache, 'check-guests') : root
const workspace = import.meta.dirname
const target = join(cache, 'target', 'guests')
const written = []

function nativeRuntime() {
  const path = process.env.W3B_NATIVE ?? join(dirname(cache), 'native/bin/w3b-runtime')
  return path !== '' && path !== 'off' && existsSync(path) ? path : null
}

function imageId(elf, recorded) {
  const runtime = nativeRuntime()
  if (runtime === null) {
    if (check && recorded?.sha256 === sha256(readFileSync(elf))) {
      console.log(`${elf}: the recorded image id was not computed again, for the native runtime is not built.`)
      return recorded.imageId
    }
    throw new BuildError('The image id of a guest that changed is computed by the native runtime: npm run build:native')
  }
  const { status, stdout, stderr } = spawnSync(runtime, ['image-id', elf], { encoding: 'utf8' })
  const id = stdout?.match(/[0-9a-f]{64}/)?.[0]
  if (status !== 0 || id === undefined) throw new BuildError(`${runtime} image-id ${elf} failed: ${stderr}`)
  return `0x${id}`
}

function write(file, value) {
  writeFileSync(join(out, file), `${JSON.stringify(value, null, 2)}\n`)
  written.push(file)
}

function read(file) {
  const path = join(root, file)
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : undefined
}

/** Puts a built ELF where it belongs. */
function place(crate, to, recorded) {
  folder(join(out, dirname(to)))
  copyFileSync(join(target, TARGET, 'release', crate), join(out, to))
  written.push(to)
  const bytes = readFileSync(join(out, to))
  return { bytes: bytes.length, sha256: sha256(bytes), imageId: imageId(join(out, to), recorded) }
}

function compile(crates) {
  const std = ['-Zbuild-std=std,panic_abort', '-Zbuild-std-features=compiler-builtins-mem', '--target', TARGET]
  const env = {
    ...cargoEnv(target, FLAGS),
    RUSTC_WORKSPACE_WRAPPER: join(workspace, 'rustc.sh'),
    // Says that the zkVM has the accelerator.
    RISC0_FEATURE_bigint2: '1',
  }
  cargo(['build', '--locked', '--release', ...std, ...crates.flatMap((crate) => ['-p', crate])], {
    cwd: workspace,
    env,
  })
}

function build() {
  if (check) rmSync(out, { recursive: true, force: true })
  // Apart: crates that are built together share their features, and only one of the two kinds may have std.
  const [withStd, without] = [true, false].map((std) =>
    EXAMPLES.filter((example) => (example.std ?? false) === std).map(({ crate }) => crate),
  )
  compile([...without, ...TESTS.crates])
  compile(withStd)

  for (const { crate, name, artifacts, outputs } of EXAMPLES) {
    const file = `${artifacts}/artifacts.json`
    const recorded = read(file)
    const known = { ...recorded?.elf, imageId: recorded?.imageId }
    const { imageId, ...elf } = place(crate, `${artifacts}/${name}.elf`, known)
    write(file, {
      generatedBy: 'node packages/zk/guests/build.mjs',
      compiler: `rustc-web ${PINNED['rustc-web']}`,
      imageId,
      elf: { file: `${name}.elf`, ...elf },
      outputs,
    })
  }
  const recorded = read(`${TESTS.to}/guests.json`)
  const guests = TESTS.crates.map((crate) => [crate, place(crate, `${TESTS.to}/${crate}.elf`, recorded?.guests[crate])])
  write(`${TESTS.to}/guests.json`, {
    generatedBy: 'node packages/zk/guests/build.mjs',
    guests: Object.fromEntries(guests),
  })
  if (check) compare(out, written)
  else console.log(`Wrote ${written.join(', ')}`)
}

function test() {
  cargo(['test', '--locked', '--lib', '-p', 'guest-kit'], {
    cwd: workspace,
    env: cargoEnv(join(cache, 'target', 'guests-native')),
  })
}

main(process.argv.includes('--test') ? test : build)
