#!/usr/bin/env node
/**
 * Builds the native runtime with RISC Zero's prover for NVIDIA GPUs, without a CUDA installation: nvcc comes from PyPI.
 *
 *   node scripts/cuda.mjs           builds, and prints where the binary lies
 *   node scripts/cuda.mjs --bench   then measures it against the binary for the CPU (npm run build:native), in kHz
 *
 * The binary needs NVIDIA's driver where it runs, and nothing else of CUDA. Point the environment variable W3B_NATIVE at it.
 * Everything lies in the cache folder, `${XDG_CACHE_HOME:-~/.cache}/w3bstream/native-cuda`.
 * CUDA_ARCHITECTURE names another chip than Hopper, as 89 for Ada. CARGO_BUILD_JOBS bounds the compilers at work at once.
 *
 * Exit codes: 0 done, 1 failed, 3 a tool is missing, and the message says which.
 */
import { copyFileSync, existsSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { BuildError, folder, run } from '../packages/zk/compiler.mjs'
import { answers, archiveChoice, kernelCompiler, native } from '../packages/zk/nativeCargo.mjs'

/** One release of CUDA, so that its compiler and headers fit each other. */
const PACKAGES = [
  'nvidia-cuda-nvcc==13.0.88',
  'nvidia-nvvm==13.0.88',
  'nvidia-cuda-crt==13.0.88',
  'nvidia-cuda-runtime==13.0.96',
  'nvidia-cuda-cccl==13.0.85',
]
const architecture = process.env.CUDA_ARCHITECTURE ?? '90'
const home = join(dirname(native), 'native-cuda')
const toolkit = join(home, 'toolkit')
const cuda = join(toolkit, 'nvidia', 'cu13')
const target = join(home, 'target')
const binary = join(target, 'native', 'w3b-runtime')

function checkTools() {
  if (process.platform !== 'linux' || process.arch !== 'x64')
    throw new BuildError('CUDA is built on Linux on x86-64', 3)
  for (const [tool, how] of [
    ['cargo', 'https://rustup.rs'],
    ['python3', 'apt-get install python3-pip'],
    // Of the witness's calculation for Groth16.
    ['protoc', 'apt-get install protobuf-compiler'],
  ]) {
    if (!answers(tool)) throw new BuildError(`${tool} is missing: ${how}`, 3)
  }
}

function installToolkit() {
  const installed = join(toolkit, 'installed.json')
  if (existsSync(installed) && readFileSync(installed, 'utf8') === JSON.stringify(PACKAGES)) return
  const options = ['--quiet', '--upgrade', '--no-deps', '--only-binary=:all:', '--target', toolkit]
  run('python3', ['-m', 'pip', 'install', ...options, ...PACKAGES])
  linkWhereLookedFor()
  writeDriverStub()
  writeFileSync(installed, JSON.stringify(PACKAGES))
}

/** The packages lay the toolkit out otherwise than its installer does. */
function linkWhereLookedFor() {
  folder(join(cuda, 'targets', 'x86_64-linux'))
  folder(join(cuda, 'lib', 'stubs'))
  const links = [
    ['lib', 'lib64'],
    ['../../lib', 'targets/x86_64-linux/lib'],
    ['../../include', 'targets/x86_64-linux/include'],
  ]
  for (const [to, from] of links) if (!existsSync(join(cuda, from))) symlinkSync(to, join(cuda, from))
  run('chmod', ['-R', 'u+x', join(cuda, 'bin'), join(cuda, 'nvvm', 'bin')])
}

/** To link against where no driver is: a library with the names of the driver's functions, which its header lists. */
function writeDriverStub() {
  const header = readFileSync(join(cuda, 'include', 'cuda.h'), 'utf8')
  const declared = [...header.matchAll(/\bCUDAAPI\s+(cu\w+)\s*\(/g)].map(([, name]) => name)
  const renamed = [...header.matchAll(/#\s*define\s+cu\w+\s+(cu\w+)/g)].map(([, name]) => name)
  const older = declared.flatMap((name) => (/_v\d$/.test(name) ? [] : [`${name}_v2`]))
  const names = new Set([...declared, ...renamed, ...older].map((name) => name.replace(/_ptsz$|_ptds$/, '')))
  const source = join(home, 'driver-stub.c')
  writeFileSync(source, [...names].map((name) => `int ${name}(void) { return 100; }\n`).join(''))
  const stub = join(cuda, 'lib', 'stubs', 'libcuda.so')
  run('cc', ['-shared', '-fPIC', '-w', '-Wl,-soname,libcuda.so.1', '-o', stub, source])
}

function build() {
  const archive = existsSync(archiveChoice) ? readFileSync(archiveChoice, 'utf8') : ''
  const env = {
    // As npm run build:native found it; without it there is no compression.
    ...(archive ? { RECURSION_SRC_PATH: archive } : { DOCS_RS: '1' }),
    ...process.env,
    CXX: kernelCompiler(),
    PATH: [join(cuda, 'bin'), process.env.PATH].join(delimiter),
    CUDA_PATH: cuda,
    CUDA_HOME: cuda,
    CUDA_LIBRARY_PATH: cuda,
    LIBRARY_PATH: [join(cuda, 'lib'), join(cuda, 'lib', 'stubs')].join(delimiter),
    // The default asks the machine's GPU, and there may be none.
    NVCC_APPEND_FLAGS: `-gencode arch=compute_${architecture},code=sm_${architecture}`,
    CARGO_TARGET_DIR: target,
  }
  const options = ['--locked', '--profile', 'native', '-p', 'w3b-runtime', '--features', 'cuda']
  run('cargo', ['build', ...options], { env, cwd: join(import.meta.dirname, '..', 'packages', 'zk') })
  copyFileSync(binary, join(home, 'w3b-runtime'))
}

/** Proves the same count of cycles by both binaries. */
function bench() {
  const onCpu = join(native, 'bin', 'w3b-runtime')
  const binaries = {
    cuda: join(home, 'w3b-runtime'),
    ...(existsSync(onCpu) && { [`cpu, ${cpus().length} cores`]: onCpu }),
  }
  for (const [name, path] of Object.entries(binaries)) {
    console.log(`${name}:`)
    for (const po2 of ['16', '18', '20']) run(path, ['bench', '--po2', po2])
  }
}

try {
  checkTools()
  folder(home)
  installToolkit()
  build()
  console.log(join(home, 'w3b-runtime'))
  if (process.argv.includes('--bench')) bench()
} catch (error) {
  if (!(error instanceof BuildError)) throw error
  console.error(error.message)
  process.exitCode = error.exitCode
}
