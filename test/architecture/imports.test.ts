import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'

const root = join(import.meta.dirname, '../..')

/** Which packages of ours a package may import, outside its tests. */
const MAY_IMPORT: Readonly<Record<string, readonly string[] | 'any'>> = {
  protocol: [],
  core: ['protocol'],
  'store-sqlite': ['protocol', 'core'],
  'store-aws': ['protocol', 'core'],
  runtimes: ['protocol', 'core'],
  contracts: [],
  chain: ['protocol', 'core', 'contracts'],
  content: ['protocol', 'core'],
  http: ['protocol', 'core'],
  local: 'any',
  sdk: ['protocol'],
  cli: ['protocol', 'sdk', 'local', 'http', 'chain'],
}

/** The ports alone are for adapters; the steps are for compositions. */
const PORTS_ONLY = ['store-sqlite', 'store-aws', 'runtimes', 'chain', 'content']

const sources = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts') && !entry.name.includes('.test.'))
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => !/\/(test|testing)\//.test(file))

const importsOf = (file: string): string[] =>
  [...readFileSync(file, 'utf8').matchAll(/(?:from|import\()\s*'(@w3bstream\/[^']+)'/g)].flatMap(
    (match) => match[1] ?? [],
  )

describe('the import table', () => {
  it('names every package', () => {
    const present = readdirSync(join(root, 'packages')).filter((name) => name !== 'zk')
    expect(Object.keys(MAY_IMPORT).sort()).toEqual(present.sort())
  })

  for (const [name, allowed] of Object.entries(MAY_IMPORT)) {
    it(`${name} imports only what it may`, () => {
      const folder = join(root, 'packages', name, name === 'contracts' ? 'ts' : 'src')
      for (const file of sources(folder))
        for (const imported of importsOf(file)) {
          const target = imported.split('/')[1] ?? ''
          if (target === name || allowed === 'any') continue
          expect(allowed, `${file} imports ${imported}`).toContain(target)
          if (target === 'core' && PORTS_ONLY.includes(name) && !file.includes('.suite.'))
            expect(imported, file).toMatch(/^@w3bstream\/core\/ports/)
        }
    })
  }

  it('stacks describe a deployment by its configuration and its tables alone', () => {
    for (const file of [...sources(join(root, 'stacks')), join(root, 'sst.config.ts'), join(root, 'w3b.config.ts')])
      for (const imported of importsOf(file))
        expect(['@w3bstream/protocol', '@w3bstream/store-aws/tables'], file).toContain(imported)
  })

  it('keeps node built-ins out of protocol, the SDK, core, the HTTP application and the adapters that edge workers use', () => {
    for (const name of ['protocol', 'sdk', 'core', 'http', 'store-aws'])
      for (const file of sources(join(root, 'packages', name, 'src'))) {
        if (file.includes('.suite.') || file.includes('/node/')) continue
        expect(readFileSync(file, 'utf8'), file).not.toMatch(/from 'node:/)
      }
  })
})
