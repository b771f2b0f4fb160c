import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { createServer } from 'node:net'
import { dirname, join } from 'node:path'
import { W3bError } from '@w3bstream/protocol'
import { localChainFile } from './localChainUrl.ts'

/** The local chain could not be started. */
export class LocalChainError extends W3bError {
  override readonly name = 'LocalChainError'
  constructor(p: { reason: string; cause?: unknown }) {
    super('LOCAL_CHAIN', `The local chain cannot be started: ${p.reason}`, {
      hint: 'Install packages again with npm install, or name a chain with --rpc.',
      ...(p.cause === undefined ? {} : { cause: p.cause }),
    })
  }
}

interface PidFile {
  readonly pid: number
  readonly port: number
}

/**
 * An anvil of this data directory's own. Its state is written every second and on exit, so a chain goes on where it was; one that outlived a killed
 * process is taken over rather than doubled.
 */
export class Anvil {
  readonly url: string
  readonly #pid: number
  readonly #pidFile: string
  readonly #child: ChildProcess | undefined

  private constructor(p: { port: number; pid: number; pidFile: string; child?: ChildProcess }) {
    this.url = `http://127.0.0.1:${p.port}`
    this.#pid = p.pid
    this.#pidFile = p.pidFile
    this.#child = p.child
  }

  /** @param dir where state and process id are kept @throws {LocalChainError} */
  static async start(dir: string): Promise<Anvil> {
    const pidFile = localChainFile(dir)
    const running = await runningAnvil(pidFile)
    if (running !== null) return new Anvil({ ...running, pidFile })
    const port = await freePort()
    const child = spawn(
      anvilBinary(),
      // Blocks come with transactions; the keys of anvil's public mnemonic fund the accounts of this deployment.
      [
        '--host',
        '127.0.0.1',
        '--port',
        String(port),
        '--state',
        join(dir, 'anvil-state.json'),
        '--state-interval',
        '1',
      ].concat(['--silent', '--chain-id', '31337']),
      // In a process group of its own: Ctrl-C is for the node, which still needs its chain to finish what is in hand.
      { stdio: ['ignore', 'ignore', 'pipe'], detached: true },
    )
    let complaint = ''
    child.stderr?.on('data', (chunk: Buffer) => {
      complaint = (complaint + chunk.toString()).slice(-2_000)
    })
    const ended = new Promise<never>((_, reject) => {
      child.once('error', (cause) => reject(new LocalChainError({ reason: cause.message, cause })))
      child.once('exit', (code) =>
        reject(new LocalChainError({ reason: `anvil ended with ${code}. ${complaint.trim()}` })),
      )
    })
    ended.catch(() => {
      // Reported by the race below while starting; afterwards calls to the chain fail with reasons of their own.
    })
    await Promise.race([answering(`http://127.0.0.1:${port}`, 20_000), ended])
    if (child.pid === undefined) throw new LocalChainError({ reason: 'anvil has no process id' })
    writeFileSync(pidFile, JSON.stringify({ pid: child.pid, port } satisfies PidFile), { mode: 0o600 })
    return new Anvil({ port, pid: child.pid, pidFile, child })
  }

  /** Ends anvil after it has written its state. */
  async stop(): Promise<void> {
    try {
      process.kill(this.#pid, 'SIGTERM')
    } catch {
      // It is gone already.
    }
    const until = Date.now() + 10_000
    while (alive(this.#pid) && this.#child?.exitCode == null && this.#child?.signalCode == null && Date.now() < until)
      await new Promise((resolve) => setTimeout(resolve, 20))
    rmSync(this.#pidFile, { force: true })
  }
}

function anvilBinary(): string {
  const platform = { linux: 'linux', darwin: 'darwin', win32: 'win32' }[process.platform as string]
  const arch = { x64: 'amd64', arm64: 'arm64' }[process.arch as string]
  try {
    const manifest = createRequire(import.meta.url).resolve(`@foundry-rs/anvil-${platform}-${arch}/package.json`)
    return join(dirname(manifest), 'bin', process.platform === 'win32' ? 'anvil.exe' : 'anvil')
  } catch (cause) {
    throw new LocalChainError({
      reason: `there is no anvil for ${process.platform} ${process.arch} in node_modules`,
      cause,
    })
  }
}

async function runningAnvil(pidFile: string): Promise<PidFile | null> {
  if (!existsSync(pidFile)) return null
  try {
    const found: unknown = JSON.parse(readFileSync(pidFile, 'utf8'))
    if (typeof found !== 'object' || found === null || !('pid' in found) || !('port' in found)) return null
    const { pid, port } = found
    if (typeof pid !== 'number' || typeof port !== 'number' || !alive(pid)) return null
    await answering(`http://127.0.0.1:${port}`, 500)
    return { pid, port }
  } catch {
    // A stale or broken file: a new anvil takes its place.
    return null
  }
}

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

async function answering(url: string, timeoutMs: number): Promise<void> {
  const until = Date.now() + timeoutMs
  for (;;) {
    try {
      const answer = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: '{"jsonrpc":"2.0","id":1,"method":"eth_chainId","params":[]}',
        signal: AbortSignal.timeout(1_000),
      })
      const body: unknown = await answer.json()
      if (typeof body === 'object' && body !== null && 'result' in body && body.result === '0x7a69') return
    } catch (cause) {
      if (Date.now() > until) throw new LocalChainError({ reason: 'anvil does not answer', cause })
    }
    if (Date.now() > until) throw new LocalChainError({ reason: 'anvil does not answer' })
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() =>
        typeof address === 'object' && address !== null ? resolve(address.port) : reject(new Error('no port')),
      )
    })
  })
}
