import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { ProveJob } from '@w3bstream/core/ports'
import { artifacts } from '@w3bstream/example-halo2-weather'
import { address, bindingOf, hash, inputCommitment, projectId, taskId, toHex } from '@w3bstream/protocol'

const GIB = 2 ** 30
const PROVER = address(`0x${'03'.repeat(20)}`)
const VERIFYING_KEY = new URL('../../examples/halo2-weather/artifacts/verifying.key', import.meta.url)
const WORD = (byte: string) => hash(`0x${byte.repeat(32)}`)

const sha256 = (bytes: Uint8Array) => hash(toHex(createHash('sha256').update(bytes).digest()))

/** What every job of the benchmarks has. */
function jobOf(
  n: number,
  bytes: Uint8Array,
  p: Pick<ProveJob, 'payloads' | 'codeExpParam' | 'provingKey'> & {
    readonly commitment: ProveJob['task']['inputCommitment']
    readonly limits: ProveJob['limits']
  },
): ProveJob {
  const id = taskId(`0x${n.toString(16).padStart(64, '0')}`)
  return {
    taskId: id,
    task: {
      projectId: projectId(1),
      version: '0.1',
      configHash: WORD('01'),
      messagesRoot: WORD('02'),
      messageCount: p.payloads.length,
      inputCommitment: p.commitment,
      sequencer: PROVER,
      number: BigInt(n),
    },
    binding: bindingOf(id, PROVER),
    payloads: p.payloads,
    salt: WORD('04'),
    program: { bytes, hash: sha256(bytes) },
    codeExpParam: p.codeExpParam,
    provingKey: p.provingKey,
    limits: p.limits,
    onChain: false,
    clientId: '',
    sequencerSignature: '0x',
  }
}

/** The weather example over as many readings as its circuit takes, by its module or by the native runtime's circuit. @param n names the task */
export function weatherJob(n: number, by: 'wasm' | 'native'): ProveJob {
  const { wasm, provingKey, inputs } = artifacts()
  const payloads = Array.from({ length: inputs.capacity }, (_, i) => `{"temperature":${(12.8 + i).toFixed(1)}}`)
  return jobOf(n, by === 'wasm' ? wasm : new TextEncoder().encode('weather'), {
    payloads,
    codeExpParam: by === 'wasm' ? null : weatherParameter(),
    provingKey: by === 'wasm' ? provingKey : null,
    commitment: inputCommitment(inputs, { salt: WORD('04'), payloads }),
    limits: { timeoutMs: 300_000, memoryBytes: GIB },
  })
}

/** The weather circuit's `codeExpParam`. */
export const weatherParameter = (): string =>
  JSON.stringify({ circuit: 'weather', verifying_key: sha256(readFileSync(VERIFYING_KEY)) })

/** A RISC Zero guest that knows no binding. */
export const guestJob = (n: number, guest: Uint8Array, limits: ProveJob['limits']): ProveJob =>
  jobOf(n, guest, { payloads: ['{}'], codeExpParam: null, provingKey: null, commitment: WORD('00'), limits })

/** A WASM module of any behaviour. */
export const moduleJob = (n: number, module: Uint8Array): ProveJob =>
  jobOf(n, module, {
    payloads: ['{"t":1}'],
    codeExpParam: null,
    provingKey: null,
    commitment: WORD('00'),
    limits: { timeoutMs: 60_000, memoryBytes: 64 * 2 ** 20 },
  })
