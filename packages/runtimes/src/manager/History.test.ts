import { describe, expect, it } from 'vitest'
import { History } from './History.ts'

const run = (memoryBytes: number, wallMs = 10, cpuMs = 20) => ({ memoryBytes, wallMs, cpuMs })

describe('History', () => {
  it('expects the most of the last runs, and more memory than any took', () => {
    const history = new History()
    expect(history.expect('a')).toBeNull()
    history.add('a', run(400, 30, 5))
    history.add('a', run(100, 10, 50))
    expect(history.expect('a')).toEqual({ memoryBytes: 500, wallMs: 30, cpuMs: 50 })
    expect(history.expect('b')).toBeNull()
  })

  it('forgets runs that are long past, and programs that are', () => {
    const history = new History()
    history.add('a', run(1_000_000))
    for (let i = 0; i < 8; i++) history.add('a', run(100))
    expect(history.expect('a')?.memoryBytes).toBe(125)
    for (let i = 0; i < 1_000; i++) history.add(`other ${i}`, run(1))
    expect(history.expect('a')).toBeNull()
    expect(history.expect('other 0')).not.toBeNull()
  })

  it('goes by an execution until a proof was measured', () => {
    const history = new History()
    history.addExecution('a', 800)
    expect(history.expect('a')).toEqual({ memoryBytes: 800, wallMs: null, cpuMs: null })
    history.add('a', run(0))
    expect(history.expect('a')?.memoryBytes).toBe(800)
    history.add('a', run(400))
    expect(history.expect('a')?.memoryBytes).toBe(500)
  })
})
