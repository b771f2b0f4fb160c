import { readFile } from 'node:fs/promises'
import { isBuiltin } from 'node:module'
import { describe, expect, it } from 'vitest'
import { bundle } from './build.mjs'

/** Minified bytes. Raise one only with a reason: a cold start reads all of it. */
const BUDGETS = { ingest: 350_000, worker: 350_000 }

describe.each(Object.entries(BUDGETS))('the bundle of %s', (name, budget) => {
  it(`has at most ${budget} bytes`, async () => {
    const { bytes, gzipped } = await bundle(name)
    expect(bytes).toBeLessThanOrEqual(budget)
    expect(gzipped).toBeLessThanOrEqual(budget / 2)
  })

  it('runs without Node and without anything beside it', async () => {
    const { file, imports } = await bundle(name)
    expect(imports).toEqual([])
    const found = (await readFile(file, 'utf8')).match(/["'`]node:\w+|[^\w. ]require\(|[^\w.]import\(/)
    expect(found?.[0]).toBeUndefined()
  })

  it('has in it what it needs, and nothing of what other units need', async () => {
    const { packages } = await bundle(name)
    // Neither the AWS SDK, nor viem, nor the schema library, nor WebAssembly.
    expect(Object.keys(packages).sort()).toEqual([
      '@noble/curves',
      '@noble/hashes',
      'aws4fetch',
      'core',
      'functions',
      'hono',
      'http',
      'protocol',
      'store-aws',
    ])
  })

  it('has the finished OpenAPI document in it', async () => {
    expect(await readFile((await bundle(name)).file, 'utf8')).toContain('/v1/messages/{id}/receipt')
  })
})

describe.each(['segments', 'sequencer', 'settler'])('the bundle of %s', (name) => {
  it('loads by itself, has a handler, and stays within 3 MB', async () => {
    const { file, bytes, imports } = await bundle(name)
    expect(bytes).toBeLessThanOrEqual(3_000_000)
    // Only what Node has: nothing is installed beside it.
    expect(imports.filter((one) => !isBuiltin(one))).toEqual([])
    expect(await import(file)).toMatchObject({ handler: expect.any(Function) })
  })
})
