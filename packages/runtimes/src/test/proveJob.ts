import { createHash } from 'node:crypto'
import type { ProveJob } from '@w3bstream/core/ports'
import { address, type Hash, hash, projectId, taskId, toHex } from '@w3bstream/protocol'

export const BINDING = hash(`0x${'12'.repeat(16)}${'34'.repeat(16)}`)
export const COMMITMENT = hash(`0x${'05'.repeat(32)}`)

/** A job over two messages, with whatever a test sets otherwise. */
export function proveJob(
  bytes: Uint8Array,
  p: {
    readonly payloads?: readonly string[]
    readonly provingKey?: Uint8Array
    readonly timeoutMs?: number
    readonly memoryBytes?: number
    readonly codeExpParam?: string
    readonly onChain?: boolean
    readonly inputCommitment?: Hash
  } = {},
): ProveJob {
  return {
    taskId: taskId(`0x${'aa'.repeat(32)}`),
    task: {
      projectId: projectId(7),
      version: '0.1',
      configHash: hash(`0x${'01'.repeat(32)}`),
      messagesRoot: hash(`0x${'02'.repeat(32)}`),
      messageCount: p.payloads?.length ?? 2,
      inputCommitment: p.inputCommitment ?? COMMITMENT,
      sequencer: address(`0x${'03'.repeat(20)}`),
      number: 9007199254740993n,
    },
    binding: BINDING,
    payloads: p.payloads ?? ['{"t":1}', '{"t":2}'],
    salt: hash(`0x${'04'.repeat(32)}`),
    program: { bytes, hash: hash(toHex(createHash('sha256').update(bytes).digest())) },
    codeExpParam: p.codeExpParam ?? null,
    provingKey: p.provingKey ?? null,
    limits: { timeoutMs: p.timeoutMs ?? 20_000, memoryBytes: p.memoryBytes ?? 64 * 1024 ** 2 },
    onChain: p.onChain ?? false,
    clientId: 'did:io:0000000000000000000000000000000000000001',
    sequencerSignature: `0x${'06'.repeat(65)}`,
  }
}
