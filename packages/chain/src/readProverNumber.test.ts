import { nodeRegistryAbi, proverRegistrarAbi } from '@w3bstream/contracts'
import { encodeFunctionData } from 'viem'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { makeWorld, type World } from './fixtures/world.test.fixture.ts'
import { readProverNumber } from './readProverNumber.ts'
import { transact } from './transact.ts'

let world: World
beforeAll(async () => {
  world = await makeWorld()
})
afterAll(() => world.close())

it('is the prover’s token, else its node, else nothing', async () => {
  const { chain, operator, deployment, prover } = world
  const { contracts } = deployment
  const number = () => readProverNumber(chain, contracts, prover.address)
  expect(await number()).toBe(null)
  for (const id of ['another', `did:io:${'00'.repeat(20)}`])
    await transact(operator, 'Naming another prover', {
      to: contracts.proverRegistrar,
      data: encodeFunctionData({ abi: proverRegistrarAbi, functionName: 'createProver', args: [id] }),
    })
  await transact(operator, 'Registering a node', {
    to: contracts.nodeRegistry,
    data: encodeFunctionData({ abi: nodeRegistryAbi, functionName: 'register', args: [prover.address] }),
  })
  expect(await number()).toBe(1n)
  await transact(operator, 'Naming the prover', {
    to: contracts.proverRegistrar,
    data: encodeFunctionData({
      abi: proverRegistrarAbi,
      functionName: 'createProver',
      args: [`did:io:${prover.address.slice(2)}`],
    }),
  })
  expect(await number()).toBe(3n)
})
