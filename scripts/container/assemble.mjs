// Puts into a folder what a container of this project runs, and no more: the sources of the workspaces that functions/ needs, as they are, and their
// production packages by the lock file. Then starts each entry there with --check. The Dockerfiles run this, and so does CI, outside Docker.
//
//   node scripts/container/assemble.mjs --out DIR [--entry functions/prover/main.ts]…
//
// Sources are not bundled: Node strips their types, but refuses to under node_modules, so the workspaces stay beside it, and npm links them.
import { spawnSync } from 'node:child_process'
import {
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { basename, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const root = fileURLToPath(new URL('../..', import.meta.url))
const { values } = parseArgs({ options: { out: { type: 'string' }, entry: { type: 'string', multiple: true } } })
const out = resolve(values.out ?? fail('Say where to with --out DIR.'))
const entries = values.entry ?? []
if (existsSync(out) && readdirSync(out).length > 0) fail(`${out} is not empty.`)
mkdirSync(out, { recursive: true })

const readJson = (path) => JSON.parse(readFileSync(path, 'utf8'))
const lock = readJson(join(root, 'package-lock.json'))
const workspaces = workspacesOf('@w3bstream/functions')
layOutManifests()
installProduction()
compareWithLock()
for (const { folder } of workspaces) copySources(folder)
prune(join(out, 'node_modules'))
for (const entry of entries) selfCheck(entry)
console.error(`${out}: ${workspaces.length} workspaces, ${mebibytes(out)} MiB`)

/** A workspace and those that it depends on, with their folders. */
function workspacesOf(first) {
  const { workspaces: patterns } = readJson(join(root, 'package.json'))
  const all = new Map(
    globSync(patterns, { cwd: root })
      .filter((folder) => existsSync(join(root, folder, 'package.json')))
      .map((folder) => [readJson(join(root, folder, 'package.json')).name, folder]),
  )
  const found = new Map()
  const visit = (name) => {
    const folder = all.get(name)
    if (folder === undefined || found.has(name)) return
    const manifest = readJson(join(root, folder, 'package.json'))
    found.set(name, { folder, manifest })
    for (const dependency of Object.keys(manifest.dependencies ?? {})) visit(dependency)
  }
  visit(first)
  return [...found.values()]
}

function layOutManifests() {
  const { name, version, license } = readJson(join(root, 'package.json'))
  const manifest = {
    name,
    version,
    private: true,
    license,
    type: 'module',
    workspaces: workspaces.map((w) => w.folder),
  }
  writeFileSync(join(out, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`)
  cpSync(join(root, 'package-lock.json'), join(out, 'package-lock.json'))
  for (const { folder, manifest } of workspaces) {
    const { devDependencies, scripts, ...kept } = manifest
    mkdirSync(join(out, folder), { recursive: true })
    writeFileSync(join(out, folder, 'package.json'), `${JSON.stringify(kept, null, 2)}\n`)
  }
}

function installProduction() {
  // Not `npm ci`, which wants the whole repository's packages. Packages' own install scripts are not run.
  const done = spawnSync(
    'npm',
    ['install', '--omit=dev', '--ignore-scripts', '--prefer-offline', '--no-audit', '--no-fund'],
    {
      cwd: out,
      stdio: ['ignore', 2, 2],
    },
  )
  if (done.status !== 0) fail(`npm install failed in ${out}: ${done.error?.message ?? 'see its messages above'}`)
}

/** Every installed package is the very one of the repository's lock file. */
function compareWithLock() {
  const known = new Map(
    Object.entries(lock.packages)
      // Copies inside another package's archive have none of their own.
      .filter(([, entry]) => !entry.inBundle)
      .map(([path, entry]) => [`${packageName(path)}@${entry.version}`, entry.integrity]),
  )
  const { packages } = readJson(join(out, 'node_modules/.package-lock.json'))
  const strangers = Object.entries(packages)
    .filter(([path, entry]) => !entry.link && path.includes('node_modules/'))
    .filter(([path, entry]) => known.get(`${packageName(path)}@${entry.version}`) !== entry.integrity)
  if (strangers.length > 0) fail(`Not as package-lock.json has it: ${strangers.map(([path]) => path).join(', ')}`)
}

function packageName(path) {
  return path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length)
}

function copySources(folder) {
  const skipped =
    /(^|\/)(node_modules|dist|out|cache|test|testing|fixtures|bench|script)(\/|$)|\.(test|suite)\.ts$|(^|\/)(tsconfig|package)\.json$/
  for (const path of globSync('**/*.{ts,js,mjs,json}', {
    cwd: join(root, folder),
    exclude: (name) => name === 'node_modules',
  })) {
    if (skipped.test(path)) continue
    mkdirSync(join(out, folder, path, '..'), { recursive: true })
    cpSync(join(root, folder, path), join(out, folder, path))
  }
}

/** Removes what Node never loads: types, source maps, descriptions. Licences stay. */
function prune(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name)
    if (entry.isDirectory() && !['.bin', 'dist-types', '_types'].includes(entry.name)) prune(path)
    else if (entry.isDirectory() || (entry.isFile() && unused(entry.name))) rmSync(path, { recursive: true })
  }
}

function unused(name) {
  return (
    /\.([cm]?ts|map|flow)$/.test(name) ||
    (/\.(md|markdown)$/i.test(name) && !/^(licen[cs]e|notice)/i.test(basename(name)))
  )
}

function selfCheck(entry) {
  const done = spawnSync(process.execPath, [entry, '--check'], { cwd: out, stdio: ['ignore', 2, 2], timeout: 60_000 })
  if (done.status !== 0) fail(`node ${entry} --check did not succeed in ${relative(process.cwd(), out) || '.'}`)
}

function mebibytes(folder) {
  let bytes = 0
  for (const path of globSync('**', { cwd: folder })) {
    const { size } = statSync(join(folder, path))
    bytes += size
  }
  return Math.round(bytes / 1024 ** 2)
}

function fail(message) {
  console.error(message)
  process.exit(1)
}
