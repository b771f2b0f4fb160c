import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, describe, expect, it, onTestFinished, vi } from 'vitest'
import { createRuntimes } from '../createRuntimes.ts'
import { GrpcFailure } from '../grpc/GrpcFailure.ts'
import { SandboxUnavailableError } from '../SandboxUnavailableError.ts'
import { childrenOf } from '../test/childrenOf.ts'
import { proveJob } from '../test/proveJob.ts'
import { NativeServer } from './NativeServer.ts'

const never = new AbortController().signal
const folder = mkdtempSync(join(tmpdir(), 'w3b-test-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** A binary of the operator's that is no runtime. */
function script(name: string, text: string): string {
  const path = join(folder, name)
  writeFileSync(path, `#!/bin/sh\n${text}\n`)
  chmodSync(path, 0o700)
  return path
}

const started = (binary: string, startMs = 10_000) => {
  const server = new NativeServer({ binary, stateDir: join(folder, 'state'), startMs })
  return { server, [Symbol.asyncDispose]: () => server.close() }
}

describe('NativeServer', () => {
  it('says how to build what is missing', async () => {
    await using at = started(join(folder, 'missing'))
    const starting = at.server.client(never)
    await expect(starting).rejects.toMatchObject({ kind: 'refused' })
    await expect(starting).rejects.toThrow('run `npm run build:native` (needs cargo and clang)')
    await using runtimes = createRuntimes({ native: { binary: join(folder, 'missing'), stateDir: folder } })
    await expect(runtimes.get('risc0')?.prove(proveJob(new Uint8Array()), never)).rejects.toThrow(
      /^This node cannot run risc0: .*npm run build:native/,
    )
  })

  it('says why a start failed, and tries again with the next task', async () => {
    const count = join(folder, 'count')
    await using at = started(script('failing', `echo x >> ${count}; echo "no such device" >&2; exit 3`))
    for (const _try of [1, 2]) await expect(at.server.client(never)).rejects.toThrow('no such device')
    expect(readFileSync(count, 'utf8')).toBe('x\nx\n')
    expect(at.server.pid).toBeUndefined()
  })

  it('leaves a task to a later try where its folder cannot be made', async () => {
    const binary = script('unused', 'exec sleep 600')
    await using runtimes = createRuntimes({ native: { binary, stateDir: join(binary, 'state') } })
    const proving = runtimes.get('risc0')?.prove(proveJob(new Uint8Array()), never)
    await expect(proving).rejects.toThrow(SandboxUnavailableError)
    await expect(proving).rejects.toThrow('ENOTDIR')
  })

  it('gives up a start that hangs, and ends its process', async () => {
    const pid = join(folder, 'pid')
    await using at = started(script('hanging', `echo $$ > ${pid}; trap "" TERM; exec sleep 600`), 500)
    await expect(at.server.client(never)).rejects.toThrow('no answer within 500 ms')
    const number = Number(readFileSync(pid, 'utf8'))
    expect(() => process.kill(number, 0)).toThrow('ESRCH')
  })

  it('hears of what does not listen where it says it does', async () => {
    await using at = started(script('lying', 'echo "listening on nothing"; exec sleep 600'))
    await expect(at.server.client(never)).rejects.toThrow(GrpcFailure)
  })

  it('lets a task go while it starts, and starts no more once it is closed', async () => {
    await using at = started(script('slow', 'exec sleep 600'))
    const reason = new Error('no longer wanted')
    const stop = new AbortController()
    const waiting = at.server.client(stop.signal)
    stop.abort(reason)
    await expect(waiting).rejects.toBe(reason)
    await at.server.close()
    await expect(at.server.client(never)).rejects.toThrow('closed')
  })

  it('leaves no process behind when it is closed while it starts, however far that is', async () => {
    const binary = script('waiting', 'exec sleep 600')
    const before = childrenOf(process.pid).length
    // A start takes some turns of the event loop before there is a process.
    for (let turns = 0; turns < 60; turns++) {
      await using at = started(binary, 60_000)
      const starting = at.server.client(never).catch((error: unknown) => error)
      for (let i = 0; i < turns; i++) await new Promise((resolve) => setImmediate(resolve))
      await at.server.close()
      expect(childrenOf(process.pid)).toHaveLength(before)
      expect(await starting).toBeInstanceOf(GrpcFailure)
    }
  })

  it('keeps what is idle as long as the sandbox does', async () => {
    const seen = join(folder, 'arguments')
    const binary = script('listing', `echo "$@" > ${seen}; exit 1`)
    await using runtimes = createRuntimes({ native: { binary, stateDir: join(folder, 'state') }, idleMs: 5_000 })
    await expect(runtimes.get('risc0')?.prove(proveJob(new Uint8Array()), never)).rejects.toThrow()
    expect(readFileSync(seen, 'utf8')).toContain(' --idle-ms 5000')
  })

  it('names the compressor’s key file as it lies from here, not from the runtime’s folder', async () => {
    const seen = join(folder, 'key-file')
    vi.stubEnv('W3B_COMPRESSOR_KEY_FILE', 'keys/compressor')
    onTestFinished(() => void vi.unstubAllEnvs())
    await using at = started(script('naming', `echo "$W3B_COMPRESSOR_KEY_FILE" > ${seen}; exit 1`))
    await expect(at.server.client(never)).rejects.toThrow(GrpcFailure)
    expect(readFileSync(seen, 'utf8')).toBe(`${resolve('keys/compressor')}\n`)
  })

  it('keeps secrets of the environment, and its folder, from others', async () => {
    const seen = join(folder, 'environment')
    process.env.W3B_TEST_SECRET = 'hush'
    try {
      await using at = started(script('telling', `env > ${seen}; exit 1`))
      await expect(at.server.client(never)).rejects.toThrow(GrpcFailure)
    } finally {
      delete process.env.W3B_TEST_SECRET
    }
    expect(existsSync(seen)).toBe(true)
    expect(readFileSync(seen, 'utf8')).not.toContain('hush')
    expect(statSync(join(folder, 'state')).mode & 0o777).toBe(0o700)
  })
})
