import { hash, type TaskId, taskId } from '@w3bstream/protocol'
import { expect, it } from 'vitest'
import { UnverifiedProofs } from './UnverifiedProofs.ts'

const id = (i: number): TaskId => taskId(`0x${i.toString(16).padStart(64, '0')}`)
const ids = Array.from({ length: 4 }, (_, i) => id(i))
const made = (bytes: number, text: number) => ({
  output: {
    proof: new Uint8Array(bytes),
    raw: 'a'.repeat(text),
    outputs: '0x' as const,
    publicInputs: [],
    checkedBy: null,
  },
  provingMs: 1,
  binding: hash(`0x${'1'.repeat(64)}`),
})
const keptBy = (proofs: UnverifiedProofs) => ids.map((task) => proofs.get(task) !== undefined)

it('keeps the newest as far as their proofs and texts fit, and forgets the oldest first', () => {
  const proofs = new UnverifiedProofs({ count: 16, bytes: 100 })
  for (const task of ids) proofs.keep(task, made(20, 20))
  expect(keptBy(proofs)).toEqual([false, false, true, true])
})

it('keeps no more than so many, however small', () => {
  const proofs = new UnverifiedProofs({ count: 3, bytes: 100 })
  for (const task of ids) proofs.keep(task, made(1, 1))
  expect(keptBy(proofs)).toEqual([false, true, true, true])
})

it('keeps the newest alone where it is larger than all may be', () => {
  const proofs = new UnverifiedProofs({ count: 16, bytes: 100 })
  for (const task of ids) proofs.keep(task, made(200, 0))
  expect(keptBy(proofs)).toEqual([false, false, false, true])
})

it('counts what was replaced or forgotten no more', () => {
  const proofs = new UnverifiedProofs({ count: 16, bytes: 100 })
  for (let i = 0; i < 5; i++) proofs.keep(id(0), made(50, 0))
  proofs.delete(id(0))
  proofs.delete(id(0))
  proofs.keep(id(1), made(50, 0))
  proofs.keep(id(2), made(50, 0))
  expect(keptBy(proofs)).toEqual([false, true, true, false])
})
