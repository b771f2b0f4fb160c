import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import { GrpcConnection } from '../grpc/GrpcConnection.ts'
import { GrpcFailure } from '../grpc/GrpcFailure.ts'
import type { GrpcMethod } from '../grpc/protocols.ts'
import { readRuntimeAddress } from '../grpc/readRuntimeAddress.ts'
import { findNative } from '../native/findNative.ts'
import { answer, type GrpcAnswer, GrpcStatus, startGrpcServer } from './startGrpcServer.ts'

const never = new AbortController().signal

/** The built native runtime as a server of its own on 127.0.0.1, and addresses at which it speaks one protocol alone. */
export async function startImage(): Promise<
  {
    readonly address: string
    /** A server that has these calls of it and no other, as an image that knows no later protocol. */
    only(...methods: readonly GrpcMethod[]): ReturnType<typeof startGrpcServer>
  } & AsyncDisposable
> {
  const found = findNative()
  if (found === null) throw new TypeError('W3B_NATIVE switches the native runtime off, and this test needs it')
  const state = mkdtempSync(join(tmpdir(), 'w3b-image-test-'))
  const line = ['serve', '--listen', '127.0.0.1:0', '--state', state, '--while-stdin-open']
  const process = spawn(found.binary, line, { stdio: ['pipe', 'pipe', 'inherit'] })
  const ended = once(process, 'exit')
  const [told] = await Promise.race([once(process.stdout, 'data'), ended])
  const listening = /^listening on (\S+)/.exec(String(told))?.[1]
  if (listening === undefined) throw new TypeError(`the runtime said ${String(told)}`)
  const address = `grpc://${listening}`
  const connection = new GrpcConnection(readRuntimeAddress(address))
  const relay = (method: GrpcMethod): GrpcAnswer =>
    answer(method, async (request) => {
      const call = { request, timeoutMs: 240_000, signal: never, read: z.record(z.string(), z.unknown()) }
      return await connection.unary(method, call).catch((error: unknown) => {
        throw error instanceof GrpcFailure ? new GrpcStatus(error.code, error.message) : error
      })
    })
  return {
    address,
    only: (...methods) => startGrpcServer(methods.map(relay)),
    [Symbol.asyncDispose]: async () => {
      connection.close()
      process.stdin.end()
      await ended
      rmSync(state, { recursive: true })
    },
  }
}
