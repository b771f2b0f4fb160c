import { project, readings, statistics } from '@w3bstream/example-risc0-weather'
import { projectId, toHex } from '@w3bstream/protocol'
import { afterAll, describe, expect, it } from 'vitest'
import { type Executed, guestExecutor } from './executeGuest.ts'

const guest = guestExecutor()
afterAll(() => guest[Symbol.asyncDispose]())

const run = (payloads: readonly string[], version = project()): Promise<Executed> =>
  guest.execute(version, projectId(1n), payloads)

const outputsOf = (executed: Executed) => {
  if ('refused' in executed) throw new TypeError(executed.refused)
  return statistics(toHex(executed.journal.subarray(64)))
}

describe('the weather guest', () => {
  it('gives count, mean, minimum and maximum, as the circuit does', async () => {
    const days = readings().slice(0, 16)
    const degrees = days.map((day) => JSON.parse(day).temperature)
    const { mean, ...rest } = outputsOf(await run(days))
    expect(rest).toEqual({ count: 16, min: Math.min(...degrees), max: Math.max(...degrees) })
    expect(mean).toBeCloseTo(degrees.reduce((sum, degree) => sum + degree) / 16, 9)
  })

  it.each([
    [1, 16],
    [8, 16],
    [16, 17],
    [24, 17],
  ])('fits %i readings into one segment of 2^%i cycles', async (count, po2) => {
    expect(await run(readings().slice(0, count))).toMatchObject({ segments: 1, po2 })
  })

  it.each(['-40', '60', '-0.1', '21.40', '2.14e1', '600e-1', '-0'])('reads the number %s exactly', async (text) => {
    expect(outputsOf(await run([`{"temperature":${text}}`])).mean).toBeCloseTo(Number(text), 9)
  })

  it.each([
    ['two decimals', '{"temperature":21.45}', /payload 1: temperature has more decimal places/],
    ['a warmer day than there can be', '{"temperature":60.1}', /out of its bounds/],
    ['a colder one', '{"temperature":-40.1}', /out of its bounds/],
    ['a number that is huge', '{"temperature":1e400}', /payload 1: temperature is too large/],
    ['a key twice', '{"temperature":1,"temperature":1}', /there twice/],
    ['a key twice, once in another spelling', '{"temperature":1,"temperatur\\u0065":1}', /there twice/],
    ['no temperature', '{"wind":1}', /is missing/],
    ['a temperature in quotes', '{"temperature":"1"}', /payload 1: temperature has to be a JSON number/],
    ['an array', '[{"temperature":1}]', /payload 1, byte \d+: /],
    ['something behind the object', '{"temperature":1}}', /payload 1, byte \d+: /],
    ['no JSON', 'warm', /payload 1, byte \d+: /],
    ['an empty payload', '', /payload 1, byte \d+: /],
  ])('refuses %s, and says which payload it is in', async (_what, payload, reason) => {
    const executed = await run(['{"temperature":1}', payload])
    expect(executed).toEqual({ refused: expect.stringMatching(reason) })
  })

  it('is refused where its project file claims the image id of another program', async () => {
    const codeExpParam = JSON.stringify({ image_id: `0x${'11'.repeat(32)}` })
    expect(await run(['{"temperature":1}'], { ...project(), codeExpParam })).toEqual({
      refused: expect.stringMatching(/image id/),
    })
  })
})
