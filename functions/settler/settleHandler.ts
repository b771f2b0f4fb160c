import { ChainRegistry } from '@w3bstream/chain'
import { type Handled, type SettlePorts, settleTasks } from '@w3bstream/core'
import { InvalidInputError, type TaskId, taskId } from '@w3bstream/protocol'
import type { SQSBatchResponse, SQSEvent } from 'aws-lambda'
import { handleHints } from '../shared/handleHints.ts'
import { once } from '../shared/once.ts'
import { openChains } from '../shared/openChains.ts'
import { openKey } from '../shared/openKey.ts'
import { openProjects } from '../shared/openProjects.ts'
import { openSenders } from '../shared/openSenders.ts'
import { openUnit } from '../shared/openUnit.ts'
import { readEndpoints } from '../shared/readEndpoints.ts'
import { readEnvironment, type Variables } from '../shared/readEnvironment.ts'
import { openDestinations } from './openDestinations.ts'

/** Tries of a settlement that fails for a passing reason. */
const MAX_TRIES = 8

/** The function of the `settle` queue: allocates, signs, stores and broadcasts, and waits for nothing. */
export function settleHandler(variables: Variables) {
  const open = once(() => openSettler(variables))
  return async (event: SQSEvent): Promise<SQSBatchResponse> => {
    const { ports, queue, telemetry } = await open()
    try {
      return await handleHints(event, {
        queue,
        telemetry,
        handle: async (bodies) => {
          const outcomes = new Map<string, Handled>()
          const ids: TaskId[] = []
          for (const body of bodies) {
            const id = readId(body)
            if (id === null) outcomes.set(body, { type: 'failed', reason: 'it names no task' })
            else ids.push(id)
          }
          for (const [id, outcome] of await settleTasks(ports, { maxTries: MAX_TRIES }, ids)) outcomes.set(id, outcome)
          return outcomes
        },
      })
    } finally {
      await telemetry.flush()
    }
  }
}

async function openSettler(variables: Variables) {
  const unit = await openUnit('settler', readEnvironment('settler', variables), variables)
  const { env, clock, telemetry, messages, tasks, chainState: state, blobs } = unit
  const [signer, urls] = await Promise.all([
    openKey(unit.options, env.settlerKey),
    readEndpoints(unit.options, env.rpcParameter, env.config),
  ])
  const chains = openChains(env.config, urls, telemetry)
  const senders = openSenders({ chains, signer, state, clock, telemetry }, env.config.spending)
  for (const sender of senders)
    await sender.checkStart().catch((error: unknown) => {
      // Each chain is asked again before anything is sent to it: one that is away, or ahead of a restored store, waits alone.
      telemetry.log('error', 'a chain cannot be settled on now', { reason: String(error) })
    })
  const { chain, contracts, fromBlock } = chains.home
  const registry = new ChainRegistry({ chain, state, contracts, telemetry }, { fromBlock })
  const projects = openProjects({ registry, blobs, clock }, env.config)
  const destination = openDestinations(chains, senders)
  const ports: SettlePorts = { messages, tasks, blobs, projects, destination, clock, telemetry }
  return { ports, telemetry, queue: unit.queue(env.settleQueue) }
}

function readId(body: string): TaskId | null {
  try {
    return taskId(body)
  } catch (error) {
    if (error instanceof InvalidInputError) return null
    throw error
  }
}
