// Runs on any Node from 20: built-ins only. Installs what the lock file names and finds the Node that this project runs on.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('..', import.meta.url))

/** Installs the packages of the lock file unless they are there already. Output goes to stderr, so that stdout stays a command's own. */
export function install() {
  const stamp = `${root}node_modules/.w3b-install`
  const lock = () =>
    createHash('sha256')
      .update(readFileSync(`${root}package-lock.json`))
      .digest('hex')
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === lock()) return
  console.error('Installing packages (once; about a minute) …')
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm'
  // Not `npm ci`: it refuses a lock file that was made where another platform's optional binaries could not be had.
  const done = spawnSync(npm, ['install', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    stdio: ['ignore', 2, 2],
  })
  if (done.error) fail(`npm could not be started: ${done.error.message}. Install Node with npm and try again.`)
  if (done.status !== 0) fail('npm install failed: see its messages above.')
  writeFileSync(stamp, lock())
}

/** The Node from node_modules: the system's may be older than node:sqlite and type stripping need. */
export function projectNode() {
  const platform = `${process.platform}-${process.arch}`
  const candidates = [`node_modules/node-${platform}/bin/node`, 'node_modules/node/bin/node']
  for (const candidate of candidates) if (existsSync(root + candidate)) return root + candidate
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  if (major > 24 || (major === 24 && minor >= 0)) return process.execPath
  fail(
    `No Node 24 for ${platform} was installed, and this one is ${process.versions.node}. Start with Node 24 or newer.`,
  )
}

/** Environment for child processes: the project's tools and Node come first. */
export function projectEnv() {
  return { ...process.env, PATH: `${root}node_modules/.bin:${process.env.PATH ?? ''}`, NODE_NO_WARNINGS: '1' }
}

/** Ends with one clear line. */
export function fail(message) {
  console.error(message)
  process.exit(1)
}
