import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

const root = join(import.meta.dirname, '../../..')
const INSTALL_TIMEOUT_MS = 10 * 60_000

/** The platform that `sst` brings could not be installed, most likely for want of a network. */
export class PlatformUnavailableError extends Error {
  override readonly name = 'PlatformUnavailableError'
}

const cacheRoot = () => join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'w3bstream', 'sst')

/**
 * The components and providers of the installed `sst`, which its CLI unpacks and installs (a minute, 300 MB): once a version, outside the checkout, and
 * linked to `.sst/platform`, where `sst.config.ts` takes its types from.
 *
 * @returns the platform's folder
 * @throws {PlatformUnavailableError}
 */
export async function preparePlatform(): Promise<string> {
  const { PROVIDER_VERSIONS }: { PROVIDER_VERSIONS: Readonly<Record<string, string>> } = await import(
    pathToFileURL(join(root, 'stacks/providers.ts')).href
  )
  const { version }: { version: string } = JSON.parse(readFileSync(join(root, 'node_modules/sst/package.json'), 'utf8'))
  const providers = Object.fromEntries(
    Object.entries(PROVIDER_VERSIONS).map(([name, of]) => [name, name === 'aws' ? { version: of } : of]),
  )
  const source = `export default $config({
  app: () => ({ name: 'platform', home: 'aws', providers: ${JSON.stringify(providers)} }),
  async run() {},
})
`
  const key = createHash('sha256').update(`${process.platform} ${process.arch} ${version} ${source}`).digest('hex')
  const home = join(cacheRoot(), `${version}-${key.slice(0, 12)}`)
  const platform = join(home, '.sst/platform')
  if (!existsSync(platform)) await install(home, source)
  link(platform)
  return platform
}

/** Into a folder beside, and moved when it is whole: two at once, or one that is stopped, leave nothing half done. */
async function install(home: string, source: string): Promise<void> {
  mkdirSync(cacheRoot(), { recursive: true })
  const building = mkdtempSync(join(cacheRoot(), 'building-'))
  try {
    writeFileSync(join(building, 'sst.config.ts'), source)
    writeFileSync(join(building, 'package.json'), '{"name":"platform","private":true,"type":"module"}\n')
    console.error('Installing the platform of sst (once; about a minute) …')
    const { code, output } = await runSst(building)
    if (code !== 0 || !existsSync(join(building, '.sst/provider-lock.json')))
      throw new PlatformUnavailableError(`sst install failed: ${output.trim().split('\n').at(-1) ?? ''}`)
    try {
      renameSync(building, home)
    } catch (error) {
      if (!existsSync(home)) throw error
    }
  } finally {
    rmSync(building, { recursive: true, force: true })
  }
}

function runSst(cwd: string): Promise<{ code: number | null; output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(join(root, 'node_modules/.bin/sst'), ['install', '--stage', 'ci'], {
      cwd,
      env: { ...process.env, SST_SKIP_DEPENDENCY_CHECK: '1', SST_NO_BUN: '1', SST_TELEMETRY_DISABLED: '1' },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: INSTALL_TIMEOUT_MS,
    })
    let output = ''
    const read = (chunk: Buffer) => {
      output = (output + chunk.toString()).slice(-4_000)
    }
    child.stdout.on('data', read)
    child.stderr.on('data', read)
    child.on('error', reject)
    child.on('close', (code) => resolve({ code, output }))
  })
}

/** A platform that a deploy has put there is left alone. */
function link(platform: string): void {
  const place = join(root, '.sst/platform')
  if (existsSync(place)) return
  mkdirSync(join(root, '.sst'), { recursive: true })
  rmSync(place, { force: true })
  symlinkSync(platform, place)
}
