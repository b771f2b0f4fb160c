import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { Emulator } from './Emulator.ts'
import { EmulatorError } from './EmulatorError.ts'
import { findPip } from './findPip.ts'
import { freePort } from './freePort.ts'
import { spawnTied, type TiedProcess } from './spawnTied.ts'

/** Moto's server, and what its KMS and SSM import. */
const PACKAGES = ['moto==5.2.5', 'flask==3.1.3', 'flask-cors==6.0.5', 'PyYAML==6.0.3']
const INSTALL_MS = 240_000
const START_MS = 60_000

/**
 * Starts an emulator of KMS and SSM on 127.0.0.1. The first start on a machine installs it into the user's cache folder. A restart empties it.
 * @throws {EmulatorError} Python or its packages are not to be had, or it does not start
 */
export async function startMoto(): Promise<Emulator> {
  const packages = install()
  const port = await freePort()
  let running = await launch(packages, port)
  return {
    url: `http://127.0.0.1:${port}`,
    async restart() {
      await running.stop()
      running = await launch(packages, port)
    },
    stop: () => running.stop(),
  }
}

/** @returns the folder of the packages */
function install(): string {
  const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'w3bstream')
  const folder = join(cache, PACKAGES.join('-').replaceAll('==', '-'))
  if (existsSync(folder)) return folder
  const missing = findPip()
  if (missing !== null) throw new EmulatorError(missing)
  mkdirSync(cache, { recursive: true })
  const fresh = mkdtempSync(join(cache, 'install-'))
  const { status, stderr } = spawnSync(
    'python3',
    ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--target', fresh, ...PACKAGES],
    { encoding: 'utf8', timeout: INSTALL_MS },
  )
  try {
    if (status !== 0) throw new EmulatorError(`moto could not be installed: ${stderr.slice(-1_000)}`)
    renameSync(fresh, folder)
  } catch (error) {
    rmSync(fresh, { recursive: true, force: true })
    // Another test file may have been quicker.
    if (!existsSync(folder)) throw error
  }
  return folder
}

async function launch(packages: string, port: number): Promise<TiedProcess> {
  const started = spawnTied('python3', [join(import.meta.dirname, 'motoServer.py'), String(port)], {
    env: { PATH: process.env.PATH, HOME: process.env.HOME, PYTHONPATH: packages, PYTHONDONTWRITEBYTECODE: '1' },
  })
  const deadline = Date.now() + START_MS
  while (!(await answers(port))) {
    if (started.hasEnded() || Date.now() > deadline) {
      await started.stop()
      throw new EmulatorError(`moto did not start: ${started.output()}`)
    }
    await pause(100)
  }
  return started
}

async function answers(port: number): Promise<boolean> {
  try {
    const url = `http://127.0.0.1:${port}/moto-api/data.json`
    const answer = await fetch(url, { signal: AbortSignal.timeout(2_000) })
    await answer.arrayBuffer()
    return answer.ok
  } catch {
    return false
  }
}
