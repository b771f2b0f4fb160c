/*
 * The server under load, as a process of its own: the whole local composition with one registered project, whose prover is busy elsewhere.
 * Argument: data directory. Says over IPC where it listens; answers every message with its state; ends when the channel closes.
 */
import { createHash } from 'node:crypto'
import { ProjectOwner } from '@w3bstream/chain'
import { startLocal } from '@w3bstream/local'
import { type Hash, toHex } from '@w3bstream/protocol'
import { projectFile } from '../support/projectFile.ts'
import { BusyRuntime } from './BusyRuntime.ts'
import { AGGREGATION, type ServerReady, type ServerState } from './IngestServer.ts'

const [dataDir = ''] = process.argv.slice(2)
const node = await startLocal({ port: 0, dataDir, runtimes: new Map([['halo2', new BusyRuntime()]]) })
const { operator, contracts, content, keys, domain, port } = node
if (operator === null) throw new Error('this is for the local chain')
const owner = new ProjectOwner(operator, contracts)
const file = projectFile({ aggregation: AGGREGATION })
const projectId = await owner.createProject(
  await content.publish(file),
  toHex(createHash('sha256').update(file).digest()) as Hash,
)
await owner.allowSequencer(projectId, keys.sequencer.address)
await node.syncRegistry()

process.on('message', async () => {
  const waiting = await node.store.messages.waiting(1_000_000)
  const { user, system } = process.cpuUsage()
  const state: ServerState = {
    waiting: waiting.reduce((sum, log) => sum + log.count, 0),
    cpuMs: (user + system) / 1_000,
  }
  process.send?.(state)
})
process.on('disconnect', async () => {
  await node.close()
  process.exit(0)
})
const ready: ServerReady = {
  port,
  projectId: String(projectId),
  version: '0.1',
  chainId: String(domain.chainId),
  registry: domain.verifyingContract,
}
process.send?.(ready)
