import { PassThrough, Writable } from 'node:stream'
import { text } from 'node:stream/consumers'
import type { Outgoing } from '@w3bstream/core/ports'
import type { Output } from '@w3bstream/protocol'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { makeWorld, provedTask, settlerOf, type World } from './fixtures/world.test.fixture.ts'
import { OutputDestinations } from './OutputDestinations.ts'
import { StdoutDestination } from './StdoutDestination.ts'

describe('OutputDestinations', () => {
  let world: World
  beforeAll(async () => {
    world = await makeWorld()
  })
  afterAll(() => world.close())

  const withOutput = (item: Outgoing, output: Output): Outgoing => ({ ...item, output })

  it('takes each task to the destination of its output', async () => {
    const { id } = await world.project()
    const out = new PassThrough()
    const { destination } = settlerOf(world, world.sender())
    const outputs = new OutputDestinations([destination, new StdoutDestination({ out })])
    expect(outputs.types).toEqual(['settlement', 'stdout'])
    const printed = withOutput(provedTask(world, id, 1n), { type: 'stdout' })
    const settled = provedTask(world, id, 2n)
    const stranded = withOutput(provedTask(world, id, 3n), { type: 'textile', vaultID: 'v' })
    const results = await outputs.deliver([printed, settled, stranded])
    out.end()
    expect(results.get(printed.record.id)).toMatchObject({ type: 'delivered', show: `0x${'01'.repeat(64)}` })
    expect(results.get(settled.record.id)).toEqual({ type: 'submitted' })
    expect(String(results.get(stranded.record.id))).toMatch(/textile refuses the result: this node has no such output/)
    expect(JSON.parse(await text(out))).toMatchObject({ taskId: printed.record.id, taskNumber: '1' })
  })

  it('fails a task whose line cannot be written', async () => {
    const broken = new Writable({ write: (_chunk, _encoding, done) => done(new Error('the pipe is closed')) })
    broken.on('error', () => {})
    const item = withOutput(provedTask(world, 1n, 1n), { type: 'stdout' })
    const results = await new StdoutDestination({ out: broken }).deliver([item])
    expect(String(results.get(item.record.id))).toMatch(/the pipe is closed/)
  })
})
