import type { Receipt } from '@w3bstream/protocol'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startSilentServer } from './fixtures/brokenEndpoints.test.fixture.ts'
import { inState, makeWorld, provedTask, settlerOf, type World } from './fixtures/world.test.fixture.ts'
import { verifyReceiptOnChain } from './verifyReceiptOnChain.ts'

const OTHER = `0x${'99'.repeat(32)}` as const

describe('verifyReceiptOnChain', () => {
  let world: World
  let receipt: Receipt
  beforeAll(async () => {
    world = await makeWorld()
    receipt = await settledReceipt()
  })
  afterAll(() => world.close())

  const failing = async (changed: Receipt) => {
    const checks = await verifyReceiptOnChain({ receipt: changed, rpcUrl: world.anvil.url })
    return checks.filter(({ ok }) => !ok).map(({ name }) => name)
  }

  it('confirms a receipt of a settled task', async () => {
    const checks = await verifyReceiptOnChain({ receipt, rpcUrl: world.anvil.url })
    expect(checks.filter(({ ok }) => !ok)).toEqual([])
    expect(checks.map(({ name }) => name)).toEqual([
      ...['chainId', 'transaction', 'block', 'gasUsed', 'final', 'event', 'project', 'prover', 'sequencer'],
      ...['taskNumber', 'merkleRoot', 'outputsHash', 'registrar', 'consumed'],
    ])
  })

  it('names what the chain says otherwise', async () => {
    const { evidence } = receipt
    if (evidence.result === null) throw new Error('the fixture has a result')
    const account = world.settler.address
    for (const [changed, names] of [
      [{ ...receipt, chainId: 1 }, ['chainId']],
      [{ ...receipt, transactionHash: OTHER }, ['transaction']],
      [{ ...receipt, blockNumber: 1 }, ['block']],
      [{ ...receipt, evidence: { ...evidence, blockHash: OTHER } }, ['block']],
      [{ ...receipt, gasUsed: 1 }, ['gasUsed']],
      [{ ...receipt, taskId: OTHER }, ['event']],
      [{ ...receipt, projectId: '99' }, ['project', 'consumed']],
      [{ ...receipt, taskNumber: '99' }, ['taskNumber', 'consumed']],
      [{ ...receipt, prover: account }, ['prover']],
      [{ ...receipt, merkleRoot: OTHER }, ['merkleRoot']],
      [{ ...receipt, evidence: { ...evidence, result: { ...evidence.result, outputsHash: OTHER } } }, ['outputsHash']],
      [
        { ...receipt, evidence: { ...evidence, domain: { ...evidence.domain, verifyingContract: account } } },
        ['registrar'],
      ],
    ] as const)
      expect(await failing(changed)).toEqual(names)
  })

  it('does not take another contract for the router', async () => {
    const { evidence } = receipt
    if (evidence.result === null) throw new Error('the fixture has a result')
    const contract = world.deployment.contracts.fleetManager
    const changed = {
      ...receipt,
      contract,
      evidence: { ...evidence, result: { ...evidence.result, router: contract } },
    }
    expect(await failing(changed)).toContain('event')
    expect(await failing({ ...receipt, contract })).toContain('contract')
    const checks = await verifyReceiptOnChain({ receipt, rpcUrl: world.anvil.url, router: contract })
    expect(checks.at(-1)).toMatchObject({ name: 'router', ok: false })
  })

  it('says when there is nothing on the chain yet', async () => {
    const pending = { ...receipt, state: 'proved', chainId: null, contract: null, transactionHash: null }
    expect(await failing(pending)).toEqual(['settled'])
  })

  it('does not hang on an endpoint that does', async () => {
    const silent = await startSilentServer()
    try {
      await expect(verifyReceiptOnChain({ receipt, rpcUrl: silent.url, timeoutMs: 100 })).rejects.toThrow(/unavailable/)
    } finally {
      await silent.close()
    }
  })

  async function settledReceipt(): Promise<Receipt> {
    const { id } = await world.project()
    const { destination, watcher } = settlerOf(world, world.sender())
    const item = provedTask(world, id, 1n)
    await destination.deliver([item])
    const [seen] = await watcher.watch([inState(item, 'submitted')])
    const { task, assignment, result, proof } = item.record
    if (seen?.type !== 'settled' || assignment === null || result === null || proof === null)
      throw new Error('not settled')
    const { settlement } = seen
    return {
      format: 'w3bstream-receipt-1',
      messageId: '01890000-0000-7000-8000-000000000000',
      taskId: item.record.id,
      taskNumber: String(task.number),
      projectId: String(task.projectId),
      projectVersion: task.version,
      device: null,
      state: 'settled',
      merkleRoot: task.messagesRoot,
      inputBound: true,
      runtime: 'halo2',
      proofBytes: proof.bytes,
      prover: assignment.value.prover,
      chainId: Number(settlement.chainId),
      contract: settlement.contract,
      transactionHash: settlement.transactionHash,
      blockNumber: Number(settlement.blockNumber),
      gasUsed: Number(settlement.gasUsed),
      verified: true,
      finalized: false,
      timings: {},
      failure: null,
      evidence: {
        domain: { chainId: '31337', verifyingContract: world.deployment.contracts.projectRegistrar },
        message: { nonce: null, payloadHash: OTHER, auth: 'none', signature: null, receivedAt: 0, digest: OTHER },
        inclusion: { index: 0, count: 1, path: [], blind: OTHER },
        task: {
          configHash: task.configHash,
          messageCount: task.messageCount,
          inputCommitment: task.inputCommitment,
          sequencer: task.sequencer,
          signature: null,
        },
        assignment: { deadline: '1', attempt: '1', signature: assignment.signature },
        result: {
          proofHash: result.value.proofHash,
          outputs: proof.outputs,
          outputsHash: result.value.outputsHash,
          chainId: '31337',
          router: result.value.router,
          signature: result.signature,
        },
        blockHash: settlement.blockHash,
      },
    }
  }
})
