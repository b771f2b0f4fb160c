import { ProgramError, toHex } from '@w3bstream/protocol'
import { describe, expect, it } from 'vitest'
import { proveJob } from '../test/proveJob.ts'
import { readProveClient } from './readProveClient.ts'

const job = proveJob(new Uint8Array())
const word = (value: number | bigint): string => value.toString(16).padStart(64, '0')
const bytes = (...words: readonly string[]): Uint8Array => Buffer.from(words.join(''), 'hex')
const proof = `${'ab'.repeat(33)}${'00'.repeat(31)}`

describe('readProveClient', () => {
  it('takes the proof out of abi.encode(uint256, uint256, bytes)', () => {
    const encoded = bytes(word(5), word(job.task.number), word(96), word(33), proof)
    expect(readProveClient(encoded, job)).toEqual({
      proof: Buffer.from(proof, 'hex').subarray(0, 33),
      outputs: '0x',
      publicInputs: [`0x${word(5)}`, `0x${word(7)}`, `0x${word(job.task.number)}`],
      raw: toHex(encoded),
      checkedBy: null,
    })
  })

  it.each([
    ['nothing', bytes()],
    ['words alone', bytes(word(5), word(1), word(96))],
    ['a length past the end', bytes(word(5), word(1), word(96), word(65), proof)],
    ['a length beyond any memory', bytes(word(5), word(1), word(96), word(2n ** 255n), proof)],
    ['an offset of its own', bytes(word(5), word(1), word(128), word(33), proof)],
    ['an empty proof', bytes(word(5), word(1), word(96), word(0))],
  ])('refuses %s', (_what, encoded) => {
    expect(() => readProveClient(encoded, job)).toThrow(ProgramError)
  })
})
