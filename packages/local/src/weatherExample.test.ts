import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Operator } from '@w3bstream/chain'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type LocalNode, startLocal } from './startLocal.ts'
import { weatherExample } from './weatherExample.ts'

const dir = mkdtempSync(join(tmpdir(), 'w3b-example-'))
let node: LocalNode
beforeAll(async () => {
  node = await startLocal({ port: 0, dataDir: dir, logLevel: 'silent' })
})
afterAll(async () => {
  await node.close()
  rmSync(dir, { recursive: true, force: true })
})

/** A node whose operator is gone after so many transactions. */
function dyingAfter(transactions: number, { chain, signer }: Operator): LocalNode {
  let left = transactions
  const sign: Operator['signer']['sign'] = async (digest) => {
    if (left-- === 0) throw new Error('killed')
    return signer.sign(digest)
  }
  return { ...node, operator: { chain, signer: { address: signer.address, sign } } }
}

it('goes on with the same project after a start that was broken off at any step', async () => {
  const { operator } = node
  if (operator === null) throw new Error('no operator')
  const before = await node.chain.transactionCount(operator.signer.address, 'latest')
  for (let broken = 0; broken < 7; broken++)
    // One transaction further each time: what was done is not done again.
    await expect(weatherExample(dyingAfter(broken === 0 ? 0 : 1, operator), dir)).rejects.toThrow('killed')
  const example = await weatherExample(node, dir)
  expect((await node.w3b.projects()).map(({ id }) => id)).toEqual([example.projectId])
  expect(await node.chain.transactionCount(operator.signer.address, 'latest')).toBe(before + 7 + 1)
  expect(await weatherExample(dyingAfter(0, operator), dir)).toMatchObject({
    projectId: example.projectId,
    dapp: example.dapp,
  })
})
