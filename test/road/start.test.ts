import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { verifyReceiptOnChain } from '@w3bstream/chain'
import { startLocal } from '@w3bstream/local'
import { parseReceipt, verifyReceipt } from '@w3bstream/protocol'
import { describe, expect, it, onTestFinished } from 'vitest'
import { tempDir } from '../support/tempDir.ts'

const root = join(import.meta.dirname, '../..')
const run = promisify(execFile)

/** `npm start` as a user types it, less npm itself. */
const start = (...args: readonly string[]) =>
  run(process.execPath, [join(root, 'scripts/start.mjs'), ...args], { cwd: tempDir(), timeout: 120_000 })

describe('npm start', { timeout: 240_000 }, () => {
  it('goes from real readings to a proof verified on-chain, and goes on over the same data', async () => {
    const dataDir = join(tempDir(), 'data')
    const args = ['--once', '--json', '--port', '0', '--data-dir', dataDir]
    const first = await start(...args)
    // One line on stdout: the receipt, and nothing else.
    expect(first.stdout.trim().split('\n')).toHaveLength(1)
    const receipt = parseReceipt(JSON.parse(first.stdout))
    expect(receipt).toMatchObject({
      state: 'finalized',
      verified: true,
      inputBound: true,
      runtime: 'halo2',
      proofBytes: 1984,
      chainId: 31337,
      projectId: '1',
    })
    for (const field of [
      'messageId',
      'taskId',
      'taskNumber',
      'device',
      'merkleRoot',
      'prover',
      'contract',
      'transactionHash',
    ])
      expect(receipt, field).toHaveProperty(field, expect.stringMatching(/.+/))
    expect(receipt.blockNumber).toBeGreaterThan(0)
    expect(receipt.gasUsed).toBeGreaterThan(200_000)
    expect(Object.keys(receipt.timings).length).toBeGreaterThan(2)
    expect(verifyReceipt(receipt).checks.filter((check) => !check.ok && check.skipped !== true)).toEqual([])

    const again = parseReceipt(JSON.parse((await start(...args)).stdout))
    expect(again.projectId).toBe('1')
    expect(again.contract).toBe(receipt.contract)
    expect(again.messageId).not.toBe(receipt.messageId)
    expect(again.blockNumber).toBeGreaterThan(receipt.blockNumber ?? 0)

    // What the first run did is still there, and its event is on the chain.
    const node = await startLocal({ port: 0, dataDir })
    onTestFinished(() => node.close())
    const answer = await fetch(`${node.url}/v1/messages/${receipt.messageId}/receipt`)
    expect(parseReceipt(await answer.json()).transactionHash).toBe(receipt.transactionHash)
    const onChain = await verifyReceiptOnChain({ receipt, rpcUrl: node.rpcUrl })
    expect(onChain.filter((check) => !check.ok)).toEqual([])
    const forged = {
      ...receipt,
      evidence: { ...receipt.evidence, inclusion: { ...receipt.evidence.inclusion, index: 1 } },
    }
    expect(verifyReceipt(forged).ok).toBe(false)
    const receiptFile = join(dataDir, 'receipt.json')
    writeFileSync(receiptFile, JSON.stringify(receipt))
    const verified = await run(join(root, 'packages/cli/bin/w3b.js'), [
      'verify',
      receiptFile,
      '--rpc',
      node.rpcUrl,
      '--json',
    ])
    expect(JSON.parse(verified.stdout)).toMatchObject({ ok: true })
  })

  it('says in one line that its port is taken', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    onTestFinished(() => void server.close())
    await new Promise((resolve) => server.once('listening', resolve))
    const address = server.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    const failed = await start('--once', '--port', String(port), '--data-dir', join(tempDir(), 'data')).catch(
      (error) => error,
    )
    expect(failed.code).toBe(1)
    const said = String(failed.stderr).trim().split('\n').at(-1)
    expect(said).toContain(String(port))
    expect(said).toMatch(/in use|taken/)
  })

  it('refuses a flag that it does not know with exit code 2', async () => {
    const failed = await start('--nonsense').catch((error) => error)
    expect(failed.code).toBe(2)
  })
})
