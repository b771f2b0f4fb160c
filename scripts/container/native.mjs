// Builds the native runtime for an image, in a stage of its own that is thrown away: installs the compilers, builds, and puts the binary into a folder.
//
//   node scripts/container/native.mjs --out DIR [--cuda]
//
// For Debian 13 and Ubuntu 24.04 on x86-64, as root. Rust comes from rustup's installer, checked by hash, at one version; which compiler for C++ the base's packages
// have is the base's digest's to say.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const RUST = '1.95.0'
const RUSTUP = {
  url: 'https://static.rust-lang.org/rustup/archive/1.28.2/x86_64-unknown-linux-gnu/rustup-init',
  sha256: '20a06e644b0d9bd2fbdbfd52d42540bdde820ea7df86e92e533c073da0cdd43c',
}

const root = fileURLToPath(new URL('../..', import.meta.url))
const { out, cuda } = parseArgs({ options: { out: { type: 'string' }, cuda: { type: 'boolean' } } }).values
if (out === undefined) throw new Error('Say where to with --out DIR.')
const work = mkdtempSync(join(tmpdir(), 'native-'))

/** Runs a command to its end, or throws. */
function run(command, args, env = {}) {
  const done = spawnSync(command, args, { cwd: root, env: { ...process.env, ...env }, stdio: ['ignore', 2, 2] })
  if (done.status !== 0)
    throw new Error(`${command} ${args.join(' ')}: ${done.error?.message ?? `exit ${done.status}`}`)
}

const apt = (...args) => run('apt-get', args, { DEBIAN_FRONTEND: 'noninteractive' })
// nvcc comes as wheels; a crate of the GPU's Groth16 prover asks for protoc.
const forCuda = cuda ? ['python3-pip', 'protobuf-compiler'] : []
apt('update', '-qq')
apt('install', '-y', '-qq', '--no-install-recommends', 'ca-certificates', 'clang', 'g++', ...forCuda)

// Node's own fetch: the slim bases have no curl.
const answer = await fetch(RUSTUP.url)
const installer = Buffer.from(await answer.arrayBuffer())
const found = createHash('sha256').update(installer).digest('hex')
if (found !== RUSTUP.sha256) throw new Error(`${RUSTUP.url} has the sha-256 ${found}, not ${RUSTUP.sha256}`)
const rustup = join(work, 'rustup-init')
writeFileSync(rustup, installer)
chmodSync(rustup, 0o755)
const homes = { CARGO_HOME: join(work, 'cargo'), RUSTUP_HOME: join(work, 'rustup') }
run(rustup, ['-y', '--profile', 'minimal', '--default-toolchain', RUST, '--no-modify-path'], homes)

const env = {
  ...homes,
  CXX: 'clang++',
  PATH: `${homes.CARGO_HOME}/bin:${process.env.PATH}`,
  XDG_CACHE_HOME: join(work, 'cache'),
}
run(process.execPath, [cuda ? 'scripts/cuda.mjs' : 'packages/zk/native/build.mjs'], env)
mkdirSync(resolve(out), { recursive: true })
const binary = resolve(out, 'w3b-runtime')
copyFileSync(join(env.XDG_CACHE_HOME, 'w3bstream', cuda ? 'native-cuda' : 'native/bin', 'w3b-runtime'), binary)
chmodSync(binary, 0o755)
// Without a driver, as here, the one for GPUs does not start.
if (!cuda) run(binary, ['describe'])
console.error(`${binary}: ${readFileSync(binary).length} bytes`)
