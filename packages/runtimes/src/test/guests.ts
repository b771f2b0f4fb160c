import { readFileSync } from 'node:fs'
import { hash } from '@w3bstream/protocol'
import { z } from 'zod'
import { proveJob } from './proveJob.ts'

const folder = new URL('../../../zk/risc0-prover/tests/guests/', import.meta.url)
const built = z.object({ guests: z.record(z.string(), z.object({ imageId: z.string() })) })

export type Guest = 'allocates' | 'echo' | 'loops' | 'panics' | 'silent'

/** A job for a guest that knows no binding, in a version without an input commitment. */
export const guestJob = (name: Guest, p: Parameters<typeof proveJob>[1] = {}) =>
  proveJob(readFileSync(new URL(`${name}.elf`, folder)), {
    inputCommitment: hash(`0x${'00'.repeat(32)}`),
    timeoutMs: 240_000,
    // What the smallest segments take.
    memoryBytes: 700 * 1024 ** 2,
    ...p,
  })

/** The image id that the guests' build wrote down. */
export function imageIdOf(name: Guest): string {
  const id = built.parse(JSON.parse(readFileSync(new URL('guests.json', folder), 'utf8'))).guests[name]?.imageId
  if (id === undefined) throw new TypeError(`no image id of ${name}`)
  return id
}
