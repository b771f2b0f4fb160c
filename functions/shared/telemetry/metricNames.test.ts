import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { METRICS } from './metricNames.ts'

const ROOT = join(import.meta.dirname, '../../..')
const sources = (pattern: string): string[] =>
  globSync(pattern, { cwd: ROOT, exclude: ['**/*.test.ts', '**/node_modules/**', '**/dist/**'] }).map((file) =>
    readFileSync(join(ROOT, file), 'utf8'),
  )
const names = (text: string, pattern: RegExp): string[] => [...text.matchAll(pattern)].map(([, name]) => name ?? '')

describe('the list of metrics', () => {
  it('has exactly those that the steps, adapters and units tell', () => {
    const told = [...sources('packages/*/src/**/*.ts'), ...sources('functions/**/*.ts')].flatMap((text) =>
      names(text, /(?:count|observe|gauge)\(\s*'(w3b_\w+)'/g),
    )
    expect([...new Set(told)].sort()).toEqual(Object.keys(METRICS).sort())
  })

  it('has those that alarms and the dashboard read', () => {
    const read = sources('stacks/*.ts').flatMap((text) => names(text, /'(w3b_\w+)'/g))
    expect(read).toContain('w3b_settlements_failed_total')
    for (const name of read) expect(Object.keys(METRICS)).toContain(name)
  })
})
