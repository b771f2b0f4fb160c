import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ProveJob } from '@w3bstream/core/ports'
import { hash, inputCommitment, toHex } from '@w3bstream/protocol'
import { afterAll, describe, expect, it, vi } from 'vitest'
import { createRuntimes } from './createRuntimes.ts'
import { findNative } from './native/findNative.ts'
import { SANDBOX_DEFAULTS } from './sandbox/Sandbox.ts'
import { proveTaskModule } from './test/programs.ts'
import { proveJob } from './test/proveJob.ts'
import { wat } from './test/wat.ts'

vi.setConfig({ testTimeout: 120_000 })

const GIB = 2 ** 30
const never = new AbortController().signal
const stateDir = mkdtempSync(join(tmpdir(), 'w3b-test-'))
afterAll(() => rmSync(stateDir, { recursive: true }))

const key = readFileSync(new URL('../../../examples/halo2-weather/artifacts/verifying.key', import.meta.url))
const verifyingKey = toHex(createHash('sha256').update(key).digest())
const payloads = ['{"temperature":12.8}', '{"temperature":-1.5}']
const fields = [{ name: 'temperature', scale: 1, min: -400n, max: 600n }]
const commitment = inputCommitment(
  { scheme: 'poseidon-bn254', capacity: 16, fields },
  { salt: hash(`0x${'04'.repeat(32)}`), payloads },
)

const jobOf = (program: Uint8Array, circuit: string): ProveJob =>
  proveJob(program, {
    codeExpParam: JSON.stringify({ circuit, verifying_key: verifyingKey }),
    payloads,
    inputCommitment: commitment,
    timeoutMs: 60_000,
    memoryBytes: 8 * GIB,
  })

/** @returns what the books of a machine of four cores and 16 GiB had at most, for one proof */
async function booked(job: ProveJob): Promise<{ readonly cores: number; readonly memoryBytes: number }> {
  const most = new Map<string, number>()
  const native = findNative()
  if (native === null) throw new TypeError('W3B_NATIVE switches the native runtime off, and this test needs it')
  await using runtimes = createRuntimes({
    native: { ...native, stateDir },
    machine: { cores: 4, memoryBytes: 16 * GIB },
    telemetry: {
      gauge: (name, value) => void most.set(name, Math.max(value, most.get(name) ?? 0)),
      observe: () => {},
    },
  })
  // What it proves is another test's.
  await runtimes
    .get('halo2')
    ?.prove(job, never)
    .catch(() => {})
  return {
    cores: most.get('w3b_runtime_busy_cores') ?? 0,
    memoryBytes: most.get('w3b_runtime_memory_bytes') ?? 0,
  }
}

describe('a Halo2 proof', () => {
  const { overheadBytes, memoryBytes } = SANDBOX_DEFAULTS

  it('has every core, and the memory that it may take, where the native runtime has its circuit', async () => {
    expect(await booked(jobOf(Buffer.from('weather'), 'weather'))).toEqual({
      cores: 4,
      memoryBytes: 8 * GIB + overheadBytes,
    })
  })

  it('has one core, and what a module may take, where its version names a circuit that the native runtime has not', async () => {
    const module = await wat(proveTaskModule('{"error":"this is the module"}'))
    expect(await booked(jobOf(module, 'mine'))).toEqual({ cores: 1, memoryBytes: memoryBytes + overheadBytes })
  })
})
