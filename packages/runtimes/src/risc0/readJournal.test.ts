import { concatBytes, fromHex, hash, ProgramError } from '@w3bstream/protocol'
import { describe, expect, it } from 'vitest'
import { BINDING, COMMITMENT, proveJob } from '../test/proveJob.ts'
import { readJournal } from './readJournal.ts'

const job = proveJob(new Uint8Array())
const free = { ...job, task: { ...job.task, inputCommitment: hash(`0x${'00'.repeat(32)}`) } }
const word = (byte: number) => new Uint8Array(32).fill(byte)
const bound = (...outputs: readonly Uint8Array[]) => concatBytes(fromHex(BINDING), fromHex(COMMITMENT), ...outputs)

describe('readJournal', () => {
  it('takes the outputs behind binding and commitment', () => {
    const [one, two] = [`0x${'01'.repeat(32)}`, `0x${'02'.repeat(32)}`]
    expect(readJournal(bound(word(1), word(2)), job)).toEqual({
      outputs: `${one}${two.slice(2)}`,
      publicInputs: [BINDING, COMMITMENT, one, two],
    })
    expect(readJournal(bound(), job)).toEqual({ outputs: '0x', publicInputs: [BINDING, COMMITMENT] })
  })

  it('lets an older guest commit what it likes, where the version has no input commitment', () => {
    for (const journal of [new Uint8Array(), word(9), Buffer.from('{"sum":3}')])
      expect(readJournal(journal, free)).toEqual({ outputs: '0x', publicInputs: [] })
  })

  it('takes a binding without a commitment, where the version has none', () => {
    const journal = concatBytes(fromHex(BINDING), word(0), word(7))
    expect(readJournal(journal, free).outputs).toBe(`0x${'07'.repeat(32)}`)
  })

  it.each([
    ['nothing', new Uint8Array()],
    ['something else', word(9)],
    ['a binding alone', fromHex(BINDING)],
    ['another commitment', concatBytes(fromHex(BINDING), word(6))],
    ['a tail that is no word', bound(Uint8Array.of(1))],
    ['outputs without end', bound(new Uint8Array(32 * 1025))],
  ])('refuses a journal of %s where the version has a commitment', (_what, journal) => {
    expect(() => readJournal(journal, job)).toThrow(ProgramError)
  })

  it('refuses a commitment where the version has none', () => {
    expect(() => readJournal(bound(word(1)), free)).toThrow(ProgramError)
  })
})
