import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { createServer } from 'node:net'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, it } from 'vitest'
import { childCommand, childWalls, type Wall } from './childCommand.ts'

const LIMITS = { cpuSeconds: 60, heapBytes: 128 * 1024 ** 2 }

/** Runs the probe the way a child runs, and reads what it says. */
async function probe(walls: readonly Wall[]): Promise<Record<string, unknown>> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const listening = server.address()
  const port = typeof listening === 'object' ? listening?.port : undefined
  const entry = fileURLToPath(new URL('../test/probe/probe.ts', import.meta.url))
  const { command, args } = childCommand(LIMITS, entry, walls)
  const child = spawn(command, args, { env: {}, cwd: '/', stdio: ['pipe', 'pipe', 'inherit'] })
  child.stdin.end(String(port))
  let said = ''
  child.stdout.on('data', (chunk) => {
    said += chunk
  })
  await once(child, 'close')
  server.close()
  return JSON.parse(said)
}

describe('childCommand', () => {
  let found: Record<string, unknown>
  beforeAll(async () => {
    found = await probe(childWalls())
  })

  it('gives the child an empty environment', () => {
    expect(found.environment).toEqual([])
  })

  it.each(['readsAFile', 'listsAFolder', 'writesAFile', 'startsAThread', 'startsAProcess', 'bindsToNode'])(
    'keeps the child from what the probe calls %s',
    (what) => {
      expect(found[what]).toBe('ERR_ACCESS_DENIED')
    },
  )

  it('keeps the child from evaluating text', () => {
    expect(found.evaluates).toMatch(/Code generation from strings disallowed/)
  })

  it('leaves the child no descriptor of the parent’s', () => {
    expect(found.descriptors).toEqual([])
  })

  // Each wall alone: a container forbids namespaces, another system has no filter.
  const network: readonly [Wall, string][] = [
    ['namespaces', 'ENETUNREACH'],
    ['calls', 'EPERM'],
  ]
  it.each(network.filter(([wall]) => childWalls().includes(wall)))(
    'takes the network away by %s alone',
    async (wall, answer) => {
      expect((await probe([wall])).connects).toBe(answer)
    },
  )

  it('finds the network without either, so that the probe means something', async () => {
    expect((await probe([])).connects).toBe('done')
  })

  it('has the filter of calls wherever there is Linux and Perl', () => {
    expect(childWalls().includes('calls')).toBe(process.platform === 'linux' && existsSync('/usr/bin/perl'))
  })
})

describe('the limits of the operating system', () => {
  it('end a process that uses up its processor time, even if nobody watches it', async () => {
    const { command, args } = childCommand({ ...LIMITS, cpuSeconds: 1 })
    const busy = args.map((arg) => (arg === process.execPath ? '/bin/sh' : arg))
    const script = busy.slice(0, busy.lastIndexOf('/bin/sh') + 1)
    const child = spawn(command, [...script, '-c', 'while :; do :; done'], { env: {}, stdio: 'ignore' })
    const [code, signal] = await once(child, 'close')
    expect(signal ?? code).toMatch(/SIGXCPU|SIGKILL/)
  })
})
