import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { describe, expect, it, vi } from 'vitest'
import { residentBytes } from '../sandbox/residentBytes.ts'
import { childrenOf } from '../test/childrenOf.ts'
import { startNative } from '../test/startNative.ts'

vi.setConfig({ testTimeout: 60_000 })

const never = new AbortController().signal
const gone = (pid: number) => vi.waitFor(async () => expect(await residentBytes(pid)).toBe(0), { timeout: 15_000 })

describe('NativeServer with its binary', () => {
  it('starts once for all who ask, and ends with close', async () => {
    const { native, close } = startNative()
    const [one, two] = await Promise.all([native.client(never), native.client(never)])
    expect(one).toBe(two)
    const { systems, circuits } = await one.describe(never)
    expect(systems.join()).toContain('risc0-zkvm 3.')
    expect(circuits.map(({ id }) => id)).toContain('weather')
    const { pid } = native
    if (pid === undefined) throw new TypeError('no server')
    await close()
    await gone(pid)
  })

  it('starts again when it was killed', async () => {
    await using at = startNative()
    const first = await at.native.client(never)
    const { pid } = at.native
    if (pid === undefined) throw new TypeError('no server')
    process.kill(pid, 'SIGKILL')
    await vi.waitFor(() => expect(at.native.pid).toBeUndefined(), { timeout: 5_000 })
    const second = await at.native.client(never)
    expect(second).not.toBe(first)
    expect((await second.describe(never)).version).not.toBe('')
    expect(at.native.pid).not.toBe(pid)
  })

  it('leaves no process behind when its parent is killed while it proves', async () => {
    const parent = spawn(process.execPath, [fileURLToPath(new URL('../test/nativeOrphan.ts', import.meta.url))])
    const [line] = await Promise.race([once(parent.stdout, 'data'), once(parent, 'exit')])
    const pid = Number.parseInt(String(line), 10)
    const children = childrenOf(pid)
    expect(children.length).toBeGreaterThan(0)
    parent.kill('SIGKILL')
    for (const process of [pid, ...children]) await gone(process)
  })
})
