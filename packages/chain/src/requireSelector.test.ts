import { riscZeroVerifierRouterAbi } from '@w3bstream/contracts'
import { type Address, address } from '@w3bstream/protocol'
import { encodeFunctionData } from 'viem'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { deployContract } from './deployContract.ts'
import { accepting, burning } from './fixtures/bytecode.test.fixture.ts'
import { makeWorld, type World } from './fixtures/world.test.fixture.ts'
import { requireSelector } from './requireSelector.ts'
import { riscZeroRelease } from './riscZeroRelease.ts'
import { transact } from './transact.ts'

describe('requireSelector', () => {
  let world: World
  let verifier: Address
  let router: Address
  beforeAll(async () => {
    world = await makeWorld()
    verifier = address(String(world.deployment.contracts.riscZeroVerifier))
    router = address(String(world.deployment.contracts.riscZeroRouter))
  })
  afterAll(() => world.close())

  const { selector } = riscZeroRelease
  const tell = (functionName: 'removeVerifier' | 'stop') =>
    transact(world.operator, functionName, {
      to: router,
      data:
        functionName === 'stop'
          ? encodeFunctionData({ abi: riscZeroVerifierRouterAbi, functionName })
          : encodeFunctionData({ abi: riscZeroVerifierRouterAbi, functionName, args: [selector] }),
    })

  it('takes the verifier and the router of the selector, however its digits are written', async () => {
    await requireSelector(world.chain, verifier, selector)
    await requireSelector(world.chain, router, selector)
    await requireSelector(world.chain, verifier, '0x73C457BA')
  })

  it('refuses those of another selector: the router may get a verifier later that nobody has seen', async () => {
    await expect(requireSelector(world.chain, verifier, '0x01020304')).rejects.toThrow(
      /verifies receipts of the selector 0x73c457ba, not of 0x01020304/,
    )
    await expect(requireSelector(world.chain, router, '0x01020304')).rejects.toThrow(/SelectorUnknown/)
    await expect(requireSelector(world.chain, router, '0xffffffff')).rejects.toThrow(/FakeReceipt/)
  })

  it('refuses what is neither: another contract, one that burns its gas, an account', async () => {
    for (const bytecode of [accepting, burning]) {
      const other = await deployContract(world.operator, 'other', { abi: [], bytecode })
      await expect(requireSelector(world.chain, other, selector)).rejects.toThrow(/does not verify RISC Zero receipts/)
    }
    await expect(requireSelector(world.chain, world.operator.signer.address, selector)).rejects.toThrow(
      /neither a verifier nor a router/,
    )
  })

  it('refuses a router that ended the selector, or everything', async () => {
    await tell('removeVerifier')
    await expect(requireSelector(world.chain, router, selector)).rejects.toThrow(/SelectorRemoved/)
    await tell('stop')
    await expect(requireSelector(world.chain, router, selector)).rejects.toThrow(/IsStopped/)
  })
})
