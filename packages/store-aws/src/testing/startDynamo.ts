import { mkdtempSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { Emulator } from './Emulator.ts'
import { EmulatorError } from './EmulatorError.ts'
import { findJava } from './findJava.ts'
import { freePort } from './freePort.ts'
import { hasSecurityManager } from './hasSecurityManager.ts'
import { spawnTied, type TiedProcess } from './spawnTied.ts'

const START_MS = 60_000
/** Another process may take a free port before the emulator does. */
const ATTEMPTS = 3

/**
 * Starts the official DynamoDBLocal on a free port. It listens on all interfaces and has no option against that; Java's security manager has it
 * refuse other machines' connections, and its own to them. From Java 24 on there is none: then only a firewall keeps others from the test data.
 * @param options.dbPath folder that keeps the tables over a restart; without it they are in memory and a restart empties them
 * @throws {EmulatorError} Java is missing, or it does not start
 */
export async function startDynamo(options: { readonly dbPath?: string } = {}): Promise<Emulator> {
  const missing = findJava()
  if (missing !== null) throw new EmulatorError(missing)
  // It writes files of its own where it runs.
  const cwd = mkdtempSync(join(tmpdir(), 'dynamodb-'))
  const clean = (): void => rmSync(cwd, { recursive: true, force: true })
  for (let attempt = 1; ; attempt++) {
    const port = await freePort()
    try {
      let running = await launch(port, options.dbPath, cwd)
      return {
        url: `http://127.0.0.1:${port}`,
        async restart() {
          await running.stop()
          running = await launch(port, options.dbPath, cwd)
        },
        async stop() {
          await running.stop()
          clean()
        },
      }
    } catch (error) {
      if (attempt < ATTEMPTS) continue
      clean()
      throw error
    }
  }
}

async function launch(port: number, dbPath: string | undefined, cwd: string): Promise<TiedProcess> {
  const folder = join(
    dirname(createRequire(import.meta.url).resolve('amplify-dynamodb-simulator/package.json')),
    'emulator',
  )
  const started = spawnTied(
    'java',
    [
      // Starts in half the time and heap of the defaults, which are for servers that stay.
      '-XX:TieredStopAtLevel=1',
      '-XX:+UseSerialGC',
      '-Xmx512m',
      ...(hasSecurityManager()
        ? ['-Djava.security.manager', `-Djava.security.policy==${join(import.meta.dirname, 'loopback.policy')}`]
        : []),
      `-Djava.library.path=${join(folder, 'DynamoDBLocal_lib')}`,
      '-jar',
      join(folder, 'DynamoDBLocal.jar'),
      ...(dbPath === undefined ? ['-inMemory'] : ['-dbPath', dbPath]),
      '-sharedDb',
      '-disableTelemetry',
      '-port',
      String(port),
    ],
    { cwd },
  )
  const deadline = Date.now() + START_MS
  while (!(await answers(port))) {
    if (started.hasEnded() || Date.now() > deadline) {
      await started.stop()
      throw new EmulatorError(`DynamoDBLocal did not start: ${started.output()}`)
    }
    await pause(50)
  }
  return started
}

/** Whether something there speaks HTTP; DynamoDBLocal answers 400 to what is no call. */
async function answers(port: number): Promise<boolean> {
  try {
    await (await fetch(`http://127.0.0.1:${port}`, { signal: AbortSignal.timeout(2_000) })).arrayBuffer()
    return true
  } catch {
    return false
  }
}
