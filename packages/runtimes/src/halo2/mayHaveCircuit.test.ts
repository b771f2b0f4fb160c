import { status } from '@grpc/grpc-js'
import { describe, expect, it } from 'vitest'
import { GrpcConnection } from '../grpc/GrpcConnection.ts'
import { GrpcFailure } from '../grpc/GrpcFailure.ts'
import { protocols } from '../grpc/protocols.ts'
import { RuntimeClient } from '../grpc/RuntimeClient.ts'
import { readRuntimeAddress } from '../grpc/readRuntimeAddress.ts'
import type { RuntimeEngine } from '../native/RuntimeEngine.ts'
import { answer, startGrpcServer } from '../test/startGrpcServer.ts'
import { mayHaveCircuit } from './mayHaveCircuit.ts'

const never = new AbortController().signal
const nameOf = (circuit: string, byte: string) => JSON.stringify({ circuit, verifying_key: `0x${byte.repeat(32)}` })

/** A native runtime with the circuits `weather`, and `unmade` whose key waits for its first task. */
async function described() {
  let asked = 0
  const server = await startGrpcServer([
    answer(protocols.ours.describe, () => {
      asked++
      return { circuits: [{ id: 'weather', verifying_key: Buffer.alloc(32, 0x11) }, { id: 'unmade' }] }
    }),
  ])
  const connection = new GrpcConnection(readRuntimeAddress(server.address))
  const client = new RuntimeClient(connection)
  const engine: RuntimeEngine = { at: null, client: async () => client }
  return {
    engine,
    asked: () => asked,
    [Symbol.asyncDispose]: async () => {
      connection.close()
      server.stop()
    },
  }
}

describe('mayHaveCircuit', () => {
  it.each([
    ['its circuit', nameOf('weather', '11'), true],
    ['a circuit whose key is not made yet', nameOf('unmade', '22'), true],
    ['another key', nameOf('weather', '22'), false],
    ['no circuit of its', nameOf('mine', '11'), false],
    ['no circuit at all', '{"image_id":"RANGE_ID"}', false],
    ['nothing', null, false],
  ])('of a native runtime, where the version names %s', async (_what, codeExpParam, has) => {
    await using native = await described()
    expect(await mayHaveCircuit(native.engine, codeExpParam, never)).toBe(has)
  })

  it('asks a process once for a circuit that it has', async () => {
    await using native = await described()
    for (let i = 0; i < 3; i++) expect(await mayHaveCircuit(native.engine, nameOf('weather', '11'), never)).toBe(true)
    expect(native.asked()).toBe(1)
  })

  it('takes one that cannot be asked for one that has none, and ends with its signal', async () => {
    const missing = new GrpcFailure('refused', 'there is no native runtime', status.FAILED_PRECONDITION)
    const engine: RuntimeEngine = {
      at: null,
      client: (signal) => Promise.reject(signal.aborted ? signal.reason : missing),
    }
    expect(await mayHaveCircuit(engine, nameOf('weather', '11'), never)).toBe(false)
    const stopped = mayHaveCircuit(engine, nameOf('weather', '11'), AbortSignal.abort(new Error('no longer wanted')))
    await expect(stopped).rejects.toThrow('no longer wanted')
  })
})
