import { createHash } from 'node:crypto'
import { deflateSync } from 'node:zlib'
import { ProjectOwner } from '@w3bstream/chain'
import { type LocalNode, startLocal } from '@w3bstream/local'
import { type Hash, hash, type ProjectId, toHex } from '@w3bstream/protocol'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { compileBomb } from '../../packages/runtimes/src/test/compileBomb.ts'
import { echoModule, proveModule } from '../../packages/runtimes/src/test/programs.ts'
import { wat } from '../../packages/runtimes/src/test/wat.ts'
import { projectFile } from '../support/projectFile.ts'
import { client } from './support/client.ts'
import { makeTempDir } from './support/makeTempDir.ts'

const MIB = 2 ** 20

describe('a hostile project on a node', () => {
  const dir = makeTempDir()
  let node: LocalNode
  let good: ProjectId

  beforeAll(async () => {
    node = await startLocal({ port: 0, dataDir: dir.path, logLevel: 'silent', provers: 2 })
    good = await register(deflateSync(await wat(echoModule)))
    await client(node).taskOf(await client(node).send(good), 'finalized')
  })
  afterAll(async () => {
    await node?.close()
    dir.remove()
  })

  /** Publishes and registers a project. @param code the compressed program */
  async function register(
    code: Uint8Array,
    limits: Readonly<Record<string, number>> = {},
    registered?: Hash,
  ): Promise<ProjectId> {
    const { operator, contracts, content } = node
    if (operator === null) throw new Error('a local chain has an operator')
    const file = projectFile({ code: Buffer.from(code).toString('hex'), limits })
    const fileHash = registered ?? (toHex(createHash('sha256').update(file).digest()) as Hash)
    const id = await new ProjectOwner(operator, contracts).createProject(await content.publish(file), fileHash)
    await node.syncRegistry()
    return id
  }

  it.each([
    ['a zip bomb', async () => deflateSync(new Uint8Array(256 * MIB)), {}, /inflates to more than 33554432 bytes/],
    ['broken compression', async () => new TextEncoder().encode('not zlib'), {}, /does not inflate/],
    [
      'broken wasm',
      async () => deflateSync(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 0xff, 0xff)),
      {},
      /the WebAssembly module ends in the middle of a section/,
    ],
    [
      'an infinite loop',
      async () => deflateSync(await wat(endless)),
      { timeoutMs: 1_500 },
      /over its time limit of 1500 ms/,
    ],
    [
      'a memory hog',
      async () => deflateSync(await wat(hungry)),
      { memoryBytes: 64 * MIB },
      /over its memory limit of 67108864 bytes/,
    ],
    ['a compile bomb', async () => deflateSync(compileBomb()), { timeoutMs: 2_000 }, /over its (?:time|memory) limit/],
  ])('that is %s fails alone, with a reason', async (_, code, limits, reason) => {
    const { send, taskOf } = client(node)
    const hostile = await register(await code(), limits)
    const [attack, fine] = [await send(hostile), await send(good)]
    await taskOf(fine, 'finalized')
    const failed = await taskOf(attack, 'failed')
    expect(failed.failure).toMatch(reason)
    expect(failed.states.at(-1)).toMatchObject({ state: 'failed', reason: failed.failure })
    await taskOf(await send(good), 'finalized')
  })

  it('that never ends leaves others their turn', async () => {
    const { send, task, taskOf } = client(node)
    const attack = await send(await register(deflateSync(await wat(endless))))
    const { id } = await taskOf(attack, 'assigned')
    for (let i = 0; i < 3; i++) await taskOf(await send(good), 'finalized')
    expect(await task(id)).toMatchObject({ state: 'assigned' })
  })

  it('whose file is not what was registered is refused', async () => {
    const { post, send, taskOf } = client(node)
    const other = hash(`0x${'ab'.repeat(32)}`)
    const lying = await register(deflateSync(await wat(echoModule)), {}, other)
    expect(await post(lying)).toMatchObject({
      status: 422,
      body: { code: 'CONTENT_MISMATCH', error: expect.stringContaining(other) },
    })
    await taskOf(await send(good), 'finalized')
  })
})

const endless = proveModule({ code: '(loop $l (br $l))' })
const hungry = proveModule({
  code: '(loop $l (br_if $l (i32.ne (memory.grow (i32.const 1)) (i32.const -1)))) unreachable',
})
