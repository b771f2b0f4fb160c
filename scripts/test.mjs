// `npm test`: everything that guards the main branch and needs Node and npm alone. With CI=true nothing is skipped: a missing toolchain is a failure.
// Arguments choose steps by name; none runs all.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { install, projectEnv, projectNode, root } from './prepare.mjs'

install()
const node = projectNode()
const env = projectEnv()
const reports = mkdtempSync(join(tmpdir(), 'w3b-test-'))
const bin = (name) => join(root, 'node_modules/.bin', name)
const run = (command, args, extra = {}) =>
  spawnSync(command, args, { cwd: root, env: { ...env, ...extra }, stdio: 'inherit' }).status === 0

let passed = 0
let failed = 0
/** Counts one check. */
const check = (ok) => {
  if (ok) passed++
  else failed++
}

/** Runs Vitest and counts its tests. */
function vitest(...args) {
  const report = join(reports, 'vitest.json')
  rmSync(report, { force: true })
  const output = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`]
  const ok = run(bin('vitest'), ['run', ...args, ...output])
  if (!existsSync(report)) return check(false)
  const { numPassedTests, numFailedTests, numPendingTests } = JSON.parse(readFileSync(report, 'utf8'))
  passed += numPassedTests
  failed += numFailedTests + numPendingTests
  // A suite that does not load fails no test of its own.
  if (!ok && numFailedTests + numPendingTests === 0) failed++
}

const steps = {
  lint: () => check(run(bin('biome'), ['ci', '--error-on-warnings', '.'])),
  types: () => check(run(bin('tsc'), ['-b'])),
  unused: () => check(run(bin('knip'), ['--no-progress'])),
  contracts: () => {
    const forge = (...args) => run(node, ['packages/contracts/script/forge.mjs', ...args])
    check(run(node, ['packages/contracts/script/generate.ts', '--check']))
    check(forge('fmt', '--check'))
    check(forge('snapshot', '--match-contract', 'Gas', '--snap', 'packages/contracts/.gas-snapshot', '--check'))
    const done = spawnSync(node, ['packages/contracts/script/forge.mjs', 'test', '--json'], {
      cwd: root,
      env,
      encoding: 'utf8',
      maxBuffer: 2 ** 28,
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const line = done.stdout.split('\n').find((text) => text.startsWith('{'))
    if (line === undefined) {
      console.error('forge gave no report')
      return check(false)
    }
    for (const suite of Object.values(JSON.parse(line)))
      for (const [name, result] of Object.entries(suite.test_results)) {
        check(result.status === 'Success')
        if (result.status !== 'Success') console.error(`FAIL ${name}: ${result.reason}`)
      }
  },
  native: () => {
    // Before `unit`, whose tests of the native runtime need it. A script ends with 3 where its toolchain is not there, and says what that is.
    const script = (...args) => spawnSync(node, args, { cwd: root, env, stdio: 'inherit' }).status
    const built = script('packages/zk/native/build.mjs')
    if (built === 3 && !process.env.CI) {
      console.error('Skipped: the native runtime, its tests and the guests')
      return
    }
    check(built === 0)
    if (built !== 0) return
    check(script('packages/zk/native/build.mjs', '--test') === 0)
    const guests = script('packages/zk/guests/build.mjs', '--check')
    if (guests === 3 && !process.env.CI) {
      console.error('Skipped: the guests')
      return
    }
    check(guests === 0)
    check(script('packages/zk/guests/build.mjs', '--test') === 0)
  },
  unit: () => vitest(),
  stacks: () => {
    const prepared = spawnSync(node, ['test/stacks/synth/prepare.ts'], { cwd: root, env, stdio: 'inherit' })
    if (prepared.status === 3 && !process.env.CI) {
      console.error('Skipped: the graphs of sst.config.ts, which need what `sst install` fetches once')
      return
    }
    check(prepared.status === 0)
    // The platform's own sources are compiled with ours, by stricter rules than theirs: what is said of them is not ours.
    const types = spawnSync(bin('tsc'), ['-p', 'stacks', '--pretty', 'false'], { cwd: root, env, encoding: 'utf8' })
    const ours = types.stdout.split('\n').filter((line) => /^[^\s.]/.test(line))
    for (const line of ours) console.error(line)
    check(types.error === undefined && types.status !== null && ours.length === 0)
    vitest('--config', 'test/stacks/vitest.config.ts')
  },
  containers: () => {
    const script = (name, ...args) => [`scripts/container/${name}.mjs`, ...args]
    const lint = spawnSync(node, script('lint'), { cwd: root, env, stdio: 'inherit' })
    if (lint.status === 3 && !process.env.CI) console.error('Skipped: the linter of the Dockerfiles')
    else check(lint.status === 0)
    // What the Dockerfiles do, without Docker: the context, then the application in a folder of its own, which has to start there.
    const context = join(reports, 'context')
    const app = join(reports, 'app')
    check(run(node, script('context', '--out', context)))
    // The native runtime's stage has all of its workspace; building it once more would take too long.
    const metadata = [
      'metadata',
      '--no-deps',
      '--locked',
      '--format-version=1',
      `--manifest-path=${context}/packages/zk/Cargo.toml`,
    ]
    const workspace = spawnSync('cargo', metadata, { cwd: context, encoding: 'utf8', maxBuffer: 2 ** 26 })
    if (workspace.error === undefined || process.env.CI) check(workspace.status === 0)
    if (workspace.status !== 0)
      console.error(workspace.stderr ?? 'Skipped: the workspace of the native runtime, without cargo')
    const entries = ['prover', 'node'].flatMap((unit) => ['--entry', `functions/${unit}/main.ts`])
    check(run(node, [join(context, 'scripts/container/assemble.mjs'), '--out', app, ...entries]))
    for (const folder of [context, app]) rmSync(folder, { recursive: true, force: true })
  },
  circuits: () => {
    const toolchain = spawnSync('dpkg-query', ['-W', 'rustc-web', 'cargo-web', 'rust-web-src', 'lld-19']).status === 0
    if (!toolchain && !process.env.CI) {
      console.error(
        'Skipped: circuits (Debian 12 packages rustc-web, cargo-web, rust-web-src, lld-19; packages/zk/README.md)',
      )
      return
    }
    // Their tests are part of `native`.
    check(run(node, ['packages/zk/build.mjs', '--check']))
  },
}

const chosen = process.argv.slice(2)
const unknown = chosen.filter((name) => !(name in steps))
if (unknown.length > 0) {
  console.error(`No such step: ${unknown.join(', ')}. Steps: ${Object.keys(steps).join(', ')}`)
  process.exit(2)
}
for (const [name, step] of Object.entries(steps)) {
  if (chosen.length > 0 && !chosen.includes(name)) continue
  const started = Date.now()
  const before = failed
  console.error(`\n== ${name}`)
  step()
  console.error(`== ${name}: ${failed === before ? 'ok' : 'FAILED'} in ${Math.round((Date.now() - started) / 1000)} s`)
}
console.log(`${passed} passed, ${failed} failed`)
process.exit(failed === 0 && passed > 0 ? 0 : 1)
