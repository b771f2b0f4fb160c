import { readSync, writeSync } from 'node:fs'
import { encodeFrame, FrameReader } from './frames.ts'
import { loadHalo2 } from './loadHalo2.ts'
import { loadWs } from './loadWs.ts'
import type { Program, ProgramInput } from './Program.ts'
import { Refusal } from './Refusal.ts'

/**
 * The child process's whole life: read a frame, answer it, until the pipe closes. Reads and writes block, so that nothing but the answer to the
 * last frame ever runs here; the parent ends it by a signal.
 */
export interface LoadRequest {
  readonly op: 'load'
  readonly kind: 'halo2' | 'wasm'
  readonly memoryBytes: number
  /** The body is the program followed by so many bytes of its proving key. */
  readonly keyBytes: number
}
export interface RunRequest {
  readonly op: 'run'
  readonly input: ProgramInput
}

declare const gc: (() => void) | undefined

const GIB = 1024 ** 3
const reader = new FrameReader({ headerBytes: GIB / 4, bodyBytes: GIB / 4 })
const chunk = Buffer.allocUnsafeSlow(1024 * 1024)
let program: Program | null = null

send({ ready: true })

for (let count = readSync(0, chunk); count > 0; count = readSync(0, chunk)) {
  for (const { header, body } of reader.push(Uint8Array.from(chunk.subarray(0, count)))) {
    const [answer, result] = answerTo(header as LoadRequest | RunRequest, body)
    send({ ...answer, cpuMs: cpuMs() }, result)
    // An instance's memory goes back to the system now, not at some later collection.
    if (typeof gc === 'function') gc()
  }
}

function send(header: object, body?: Uint8Array): void {
  const frame = encodeFrame(header, body)
  for (let at = 0; at < frame.length; ) at += writeSync(1, frame, at)
}

function answerTo(request: LoadRequest | RunRequest, body: Uint8Array): [object, Uint8Array?] {
  try {
    if (request.op === 'load') {
      const code = body.subarray(0, body.length - request.keyBytes)
      const key = body.subarray(body.length - request.keyBytes)
      program = request.kind === 'halo2' ? loadHalo2(code, request.memoryBytes, key) : loadWs(code, request.memoryBytes)
      return [{ ok: true, abi: program.abi, provingKeyNeeded: program.provingKeyNeeded }]
    }
    if (!program) throw new Refusal('program', 'nothing is loaded')
    return [{ ok: true }, program.run(request.input)]
  } catch (error) {
    const refusal = error instanceof Refusal ? error : new Refusal('program', 'it could not be run')
    return [{ ok: false, kind: refusal.kind, reason: refusal.message.slice(0, 8192) }]
  }
}

function cpuMs(): number {
  const { user, system } = process.cpuUsage()
  return Math.round((user + system) / 1000)
}
