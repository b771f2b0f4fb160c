import { deflateSync } from 'node:zlib'
import type { Execution, ProveJob, Runtime } from '@w3bstream/core'
import { projectId } from '@w3bstream/protocol'
import { expect, it } from 'vitest'
import { PROVE_LIMITS } from './nodeLimits.ts'
import { tryProject } from './tryProject.ts'

const EXECUTION: Execution = { cycles: null, outputs: '0x', journal: null, wallMs: 1, memoryBytes: null }

/** The limits that a guest is tried with. */
async function limitsOf(limits: object | undefined): Promise<ProveJob['limits'] | undefined> {
  let seen: ProveJob['limits'] | undefined
  const runtime: Runtime = {
    vmType: 'risc0',
    prove: async () => Promise.reject(new Error('executed, not proved')),
    execute: async (job) => {
      seen = job.limits
      return EXECUTION
    },
    close: async () => {},
  }
  const version = { version: '1', vmType: 'risc0', code: deflateSync(Uint8Array.of(1)).toString('hex'), limits }
  const tried = await tryProject(
    {
      file: Buffer.from(JSON.stringify({ defaultVersion: '1', versions: [version] })),
      payloads: ['1'],
      projectId: projectId('1'),
      runtimes: new Map([['risc0', runtime]]),
    },
    new AbortController().signal,
  )
  expect(tried).toMatchObject({ how: 'executed', problems: [] })
  return seen
}

it('gives a program what a node gives it, so that segments and memory are those of its proof', async () => {
  expect(await limitsOf(undefined)).toEqual(PROVE_LIMITS)
  expect(await limitsOf({ timeoutMs: 1_000, memoryBytes: 2 ** 30 })).toEqual({ timeoutMs: 1_000, memoryBytes: 2 ** 30 })
  expect(await limitsOf({ timeoutMs: 10 ** 9, memoryBytes: 2 ** 40 })).toEqual(PROVE_LIMITS)
})
