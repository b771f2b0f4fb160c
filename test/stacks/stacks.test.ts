import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { checks } from './checks/index.ts'
import { mutations } from './mutations.ts'
import { type Graph, type SynthOptions, synthesise } from './synth/synthesise.ts'

/** `w3b.config.ts` as it comes, with contracts. */
const SHIPPED = 'test/stacks/variants/shipped.ts'

/** Handlers are bundled once; the rest is the same in each. */
const DEPLOYMENTS: Readonly<Record<string, SynthOptions>> = {
  dev: { stage: 'dev', config: SHIPPED },
  production: { stage: 'production', config: SHIPPED, bundle: false },
  everything: {
    stage: 'everything-with-the-longest-name',
    config: 'test/stacks/variants/everything.ts',
    bundle: false,
  },
  worker: { stage: 'worker', config: 'test/stacks/variants/worker.ts' },
  direct: { stage: 'direct', config: 'test/stacks/variants/direct.ts', bundle: false },
}

const graphs = new Map<string, Graph>()
const graphOf = (name: string): Graph => {
  const graph = graphs.get(name)
  if (graph === undefined) throw new Error(`There is no graph ${name}.`)
  return graph
}

beforeAll(async () => {
  for (const [name, options] of Object.entries(DEPLOYMENTS)) graphs.set(name, await synthesise(options))
}, 300_000)

describe.each(Object.keys(DEPLOYMENTS))('deployment %s', (name) => {
  it.each(Object.entries(checks))('%s', (_words, check) => {
    expect(check(graphOf(name))).toEqual([])
  })

  it('asks providers nothing that was not foreseen', () => {
    expect(graphOf(name).unanswered).toEqual([])
  })

  it('creates what was last looked at', async () => {
    const lines = graphOf(name).resources.map(({ type, name, custom }) => `${custom ? ' ' : '#'} ${type} ${name}`)
    await expect(`${lines.join('\n')}\n`).toMatchFileSnapshot(join(import.meta.dirname, 'resources', `${name}.txt`))
  })
})

describe('a check fails when', () => {
  it.each(mutations)('$what', ({ on, change, says }) => {
    const graph: Graph = structuredClone(graphOf(on))
    const before = Object.values(checks).flatMap((check) => check(graph))
    expect(before).toEqual([])
    change(graph)
    expect(Object.values(checks).flatMap((check) => check(graph))).toContainEqual(expect.stringMatching(says))
  })
})

describe('the list of changes', () => {
  it('makes each check fail', () => {
    const failed = new Set<string>()
    for (const { on, change } of mutations) {
      const graph: Graph = structuredClone(graphOf(on))
      change(graph)
      for (const [words, check] of Object.entries(checks)) if (check(graph).length > 0) failed.add(words)
    }
    expect([...failed].sort()).toEqual(Object.keys(checks).sort())
  })
})
