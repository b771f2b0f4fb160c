import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { presentCourse } from './presentCourse.ts'
import { sproutStates } from './sproutStates.ts'
import type { StateLogEntry, TaskState } from './Task.ts'
import { canStep, TRANSITIONS } from './transitions.ts'
import { w3bstreamStates } from './w3bstreamStates.ts'

const STATES: readonly TaskState[] = ['packed', 'assigned', 'proved', 'submitted', 'settled', 'finalized', 'failed']

/** Logs of legal steps from `packed`, chosen by numbers. */
const walks = fc.array(fc.nat(), { maxLength: 30 }).map((choices) => {
  const walk: TaskState[] = ['packed']
  for (const choice of choices) {
    const next = TRANSITIONS[walk.at(-1) ?? 'packed']
    const step = next[choice % (next.length || 1)]
    if (step !== undefined) walk.push(step)
  }
  return walk
})
const log = (states: readonly TaskState[]): StateLogEntry[] =>
  states.map((state, i) => ({
    state,
    at: Date.UTC(2026, 0, 1) + i,
    actor: 'test',
    reason: state === 'failed' ? 'trapped' : `step ${i}`,
    result: state === 'proved' ? 'proof' : state === 'settled' ? `0x${i}` : null,
  }))

function reachable(from: TaskState): Set<TaskState> {
  const seen = new Set([from])
  for (const state of seen) for (const next of TRANSITIONS[state]) seen.add(next)
  return seen
}

describe('TRANSITIONS', () => {
  it('leads from every state to finalized, and stops only there', () => {
    for (const state of STATES) {
      expect(reachable(state)).toContain('finalized')
      expect(TRANSITIONS[state].length === 0).toBe(state === 'finalized')
    }
  })

  it('lets a task fail until the chain has its result, and never after', () => {
    for (const state of STATES)
      expect([state, canStep(state, 'failed')]).toEqual([
        state,
        ['packed', 'assigned', 'proved', 'submitted'].includes(state),
      ])
  })

  it('settles only what was proved, proves only what was assigned', () => {
    fc.assert(
      fc.property(walks, (walk) => {
        for (const [i, state] of walk.entries()) {
          const before = walk.slice(0, i)
          if (state === 'settled') expect(before.slice(before.lastIndexOf('packed'))).toContain('proved')
          // From `failed` only a task that has its proof may go on to `proved`: that its store must know, not the table.
          if (state === 'proved' && before.at(-1) !== 'failed')
            expect(['assigned', 'submitted']).toContain(before.at(-1))
          if (state === 'finalized') expect(before.at(-1)).toBe('settled')
          if (i > 0) expect(canStep(walk[i - 1] ?? 'packed', state)).toBe(true)
        }
      }),
    )
  })

  it('has no step but those of the table', () => {
    const legal = STATES.flatMap((from) => STATES.filter((to) => canStep(from, to)).map((to) => `${from} ${to}`))
    expect(legal.sort()).toEqual(
      [
        'packed assigned',
        'packed failed',
        'assigned assigned',
        'assigned proved',
        'assigned failed',
        'proved submitted',
        'proved settled',
        'proved failed',
        'submitted settled',
        'submitted proved',
        'submitted failed',
        'settled finalized',
        'settled submitted',
        'failed packed',
        'failed proved',
      ].sort(),
    )
  })
})

describe('what the older APIs show', () => {
  it('is a task on its straight road', () => {
    const states = log(['packed', 'assigned', 'proved', 'submitted', 'settled', 'finalized'])
    expect(sproutStates(states, Date.UTC(2025, 0, 1))).toEqual([
      { state: 'received', time: '2025-01-01T00:00:00.000Z', comment: '', result: '' },
      { state: 'packed', time: '2026-01-01T00:00:00.000Z', comment: 'step 0', result: '' },
      { state: 'dispatched', time: '2026-01-01T00:00:00.001Z', comment: 'step 1', result: '' },
      { state: 'proved', time: '2026-01-01T00:00:00.002Z', comment: 'step 2', result: 'proof' },
      { state: 'outputted', time: '2026-01-01T00:00:00.004Z', comment: 'step 4', result: '0x4' },
    ])
    const prover = `0x${'ab'.repeat(20)}` as const
    const prover_id = `did:io:${'ab'.repeat(20)}`
    expect(w3bstreamStates(states, prover)).toEqual([
      { state: 'packed', time: '2026-01-01T00:00:00.000Z', comment: 'step 0' },
      { state: 'assigned', time: '2026-01-01T00:00:00.001Z', comment: 'step 1', prover_id },
      { state: 'settled', time: '2026-01-01T00:00:00.004Z', comment: 'step 4', transaction_hash: '0x4', prover_id },
    ])
  })

  it('ends with the reason of a failure', () => {
    const states = log(['packed', 'assigned', 'failed'])
    expect(sproutStates(states, null).at(-1)).toMatchObject({ state: 'failed', comment: 'trapped' })
    expect(w3bstreamStates(states, null).at(-1)).toEqual({
      state: 'failed',
      time: '2026-01-01T00:00:00.002Z',
      error: 'trapped',
    })
  })

  it('forgets what a replay or a reorg undid', () => {
    const shown = (states: TaskState[]) => sproutStates(log(states), null).map((line) => line.state)
    expect(shown(['packed', 'assigned', 'failed', 'packed'])).toEqual(['packed'])
    expect(shown(['packed', 'assigned', 'assigned'])).toEqual(['packed', 'dispatched'])
    expect(shown(['packed', 'assigned', 'proved', 'submitted', 'settled', 'submitted'])).toEqual([
      'packed',
      'dispatched',
      'proved',
    ])
  })

  it('has each state once, in order, ending with the last', () => {
    fc.assert(
      fc.property(walks, (walk) => {
        const course = presentCourse(log(walk)).map((entry) => entry.state)
        expect(course).toEqual(STATES.filter((state) => course.includes(state)))
        expect(course.at(-1)).toBe(walk.at(-1))
      }),
    )
  })
})
