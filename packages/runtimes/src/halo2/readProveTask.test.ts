import { ProgramError } from '@w3bstream/protocol'
import { describe, expect, it } from 'vitest'
import { COMMITMENT, proveJob } from '../test/proveJob.ts'
import { readProveTask } from './readProveTask.ts'

const job = proveJob(new Uint8Array())
const word = (value: bigint): string => `0x${value.toString(16).padStart(64, '0')}`
const high = word(BigInt(`0x${'12'.repeat(16)}`))
const low = word(BigInt(`0x${'34'.repeat(16)}`))
const order = 21888242871839275222246405745257275088548364400416034343698204186575808495617n
const output = (publicInputs: readonly string[], proof = '0xabcd'): string => JSON.stringify({ proof, publicInputs })

describe('readProveTask', () => {
  it('takes the outputs that stand after binding and commitment', () => {
    const raw = output([
      high,
      low,
      COMMITMENT,
      word(3n),
      word(order - 1n)
        .toUpperCase()
        .replace('X', 'x'),
    ])
    expect(readProveTask(raw, job)).toEqual({
      proof: Uint8Array.of(0xab, 0xcd),
      outputs: `${word(3n)}${word(order - 1n).slice(2)}`,
      publicInputs: [high, low, COMMITMENT, word(3n), word(order - 1n)],
      raw,
      checkedBy: null,
    })
  })

  it('hands on the error that a program states', () => {
    expect(() => readProveTask('{"error":"a reading is out of range"}', job)).toThrow('a reading is out of range')
  })

  it.each([
    ['another binding', output([low, high, COMMITMENT])],
    ['another lower half', output([high, word(1n), COMMITMENT])],
    ['another commitment', output([high, low, word(1n)])],
    ['too few public inputs', output([high, low])],
    ['a public input that is not below the order', output([high, low, COMMITMENT, word(order)])],
    ['a public input of another length', output([high, low, COMMITMENT, '0x01'])],
    ['an empty proof', output([high, low, COMMITMENT], '0x')],
    ['a proof that is not hex', output([high, low, COMMITMENT], 'abcd')],
    ['no proof', '{"publicInputs":[]}'],
    ['more public inputs than there can be', output(Array.from({ length: 1_025 }, () => word(1n)))],
    ['no JSON', 'proof'],
    ['nothing', ''],
  ])('refuses %s', (_what, raw) => {
    expect(() => readProveTask(raw, job)).toThrow(ProgramError)
  })
})
