import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { concatBytes, toHex, toWord } from '@w3bstream/protocol'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createRuntimes, type Runtimes } from '../createRuntimes.ts'
import { proveJob } from '../test/proveJob.ts'

const never = new AbortController().signal
const fixture = (name: string) => proveJob(readFileSync(new URL(`./fixtures/${name}.wasm`, import.meta.url)))
const sha256 = (...parts: readonly (string | Uint8Array)[]): string =>
  toHex(
    createHash('sha256')
      .update(concatBytes(...parts.map((part) => Buffer.from(part))))
      .digest(),
  )

describe('modules that wasm-bindgen built', () => {
  let runtimes: Runtimes
  beforeAll(() => {
    runtimes = createRuntimes()
  })
  afterAll(() => runtimes.close())

  it('prove(input) -> String', async () => {
    const job = fixture('prove_string')
    const output = await runtimes.get('halo2')?.prove(job, never)
    const digest = sha256(JSON.stringify(job.payloads))
    expect(output?.raw).toBe(digest.slice(2))
    expect(toHex(output?.proof ?? new Uint8Array())).toBe(digest)
  })

  it('prove(projectId, taskId, clientId, sequencerSign, input) -> Vec<u8>, with random bytes through the host', async () => {
    const job = fixture('prove_bytes')
    const { task, clientId, sequencerSignature, payloads } = job
    const proofs = await Promise.all([1, 2].map(() => runtimes.get('halo2')?.prove(job, never)))
    const told = sha256(
      toWord(task.projectId, 8),
      toWord(task.number, 8),
      clientId,
      sequencerSignature,
      JSON.stringify(payloads),
    )
    const random = proofs.map((output) => {
      expect(toHex(output?.proof.subarray(32) ?? new Uint8Array())).toBe(told)
      expect(output?.publicInputs).toEqual([3n, task.projectId, task.number].map((word) => toHex(toWord(word))))
      return toHex(output?.proof.subarray(0, 32) ?? new Uint8Array())
    })
    expect(new Set([...random, `0x${'00'.repeat(32)}`]).size).toBe(3)
  })
})
