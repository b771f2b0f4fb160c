import {
  type Domain,
  drawSalt,
  type Envelope,
  type Hash,
  InvalidInputError,
  inputCommitment,
  leafBlinder,
  leafHash,
  merkleRoot,
  messageDigest,
  type ProjectVersion,
  type Task,
  type TaskId,
  taskDigest,
  taskNumber,
  traceIdOf,
} from '@w3bstream/protocol'
import type { ProjectResolver } from './ProjectResolver.ts'
import type { Clock } from './ports/Clock.ts'
import type { LoggedMessage, LogId, LogPosition, MessageLog, WaitingLog } from './ports/MessageLog.ts'
import type { Signer } from './ports/Signer.ts'
import type { TaskStore } from './ports/TaskStore.ts'
import type { Telemetry } from './ports/Telemetry.ts'

export interface PackPorts {
  readonly messages: MessageLog
  readonly tasks: TaskStore
  readonly projects: ProjectResolver
  readonly signer: Signer
  readonly clock: Clock
  readonly telemetry: Telemetry
  readonly domain: Domain
}

const NO_COMMITMENT = `0x${'00'.repeat(32)}` as Hash
/** Bound on a task's payloads, whatever its project names: one task must fit the memory of a prover, and of a sequencer that packs for others beside it. */
const MAX_TASK_BYTES = 16 * 2 ** 20

/** Payload bytes at which a task of this version closes: the project may ask for fewer than the bound, never for more. */
export function taskBytes({ aggregation: { maxBytes } }: Pick<ProjectVersion, 'aggregation'>): number {
  return Math.min(maxBytes ?? MAX_TASK_BYTES, MAX_TASK_BYTES)
}

/**
 * Closes the oldest messages of a project version's log into one task, if enough of them wait: so many messages, so old, or so many bytes, whichever
 * the project file names and comes first.
 *
 * Safe to call at any time and from anywhere: two callers racing on one log make one task. The salt is stored before anything is signed.
 * A message that no longer fits the project's declared fields (its file changed since) gets a failed task of its own, so that it harms no neighbour.
 * @returns the task's id, or null while nothing is due or another packer was first
 */
export async function packTask(ports: PackPorts, log: LogId): Promise<TaskId | null> {
  const { record, version } = await ports.projects.version(log.projectId, log.version)
  if (record.paused) return null
  const after = await ports.tasks.cursor(log)
  const { amount, maxAgeMs } = version.aggregation
  const bytes = taskBytes(version)
  const waiting = await ports.messages.read(log, after, { count: amount, bytes })
  const [first] = waiting
  if (first === undefined) return null
  const now = ports.clock.now()
  const full = waiting.length >= amount
  const old = maxAgeMs !== null && now - first.message.receivedAt >= maxAgeMs
  // The read stops short of `amount` for bytes alone when a further message is there.
  const heavy = !full && !old && (await cutByBytes(ports.messages, log, waiting, bytes))
  if (!full && !old && !heavy) return null

  const [, ...others] = waiting
  const links = others.values().map(({ message }) => traceIdOf(message.id))
  return ports.telemetry.span('pack', { trace: traceIdOf(first.message.id), links }, () =>
    close(ports, log, { after, waiting, version, configHash: record.hash, now }),
  )
}

interface Due {
  /** The cursor behind which the messages were read. */
  readonly after: LogPosition
  readonly waiting: readonly LoggedMessage[]
  readonly version: ProjectVersion
  readonly configHash: Hash
  readonly now: number
}

async function close(ports: PackPorts, log: LogId, due: Due): Promise<TaskId | null> {
  const { after, waiting, version, configHash, now } = due
  const salt = drawSalt()
  const { messages, commitment, unfit } = commit(version, salt, waiting)
  const [first, last] = [messages[0], messages.at(-1)]
  if (first === undefined || last === undefined) return null
  const sequence = await ports.tasks.nextSequence(log.projectId, ports.signer.address)
  const task: Task = {
    projectId: log.projectId,
    version: log.version,
    configHash,
    messagesRoot: merkleRoot(
      leavesOf(
        ports.domain,
        salt,
        messages.map((logged) => logged.message),
      ),
    ),
    messageCount: messages.length,
    inputCommitment: commitment,
    sequencer: ports.signer.address,
    number: taskNumber(ports.signer.address, sequence),
  }
  const id = taskDigest(ports.domain, task)
  const created = await ports.tasks.create({
    id,
    task,
    vmType: version.vmType,
    salt,
    log,
    after,
    upTo: last.position,
    messageIds: messages.map((logged) => logged.message.id),
    at: now,
  })
  if (!created) return null
  ports.telemetry.count('w3b_tasks_total', { state: 'packed' })
  ports.telemetry.observe('w3b_pack_wait_seconds', (now - first.message.receivedAt) / 1000)
  if (unfit !== null) await ports.tasks.advance(id, { to: 'failed' }, { at: now, actor: 'sequencer', reason: unfit })
  return id
}

/** Whether a log's waiting messages close a task now: so many, so old or so many bytes. */
export function isDue(version: Pick<ProjectVersion, 'aggregation'>, waiting: WaitingLog, now: number): boolean {
  const { amount, maxAgeMs } = version.aggregation
  return (
    waiting.count >= amount ||
    (maxAgeMs !== null && now - waiting.oldestAt >= maxAgeMs) ||
    waiting.bytes >= taskBytes(version)
  )
}

/** The leaf hashes of a task's messages, in order. */
export function leavesOf(domain: Domain, salt: Hash, messages: readonly Envelope[]): Hash[] {
  const blind = leafBlinder(salt)
  return messages.map((message) => leafHash(message.id, messageDigest(domain, message), blind(message.id)))
}

async function cutByBytes(
  log: MessageLog,
  id: LogId,
  waiting: readonly LoggedMessage[],
  maxBytes: number,
): Promise<boolean> {
  const last = waiting.at(-1)
  if (last === undefined) return false
  const utf8 = waiting.reduce((sum, { message }) => sum + new TextEncoder().encode(message.payload).length, 0)
  if (utf8 >= maxBytes) return true
  const next = await log.read(id, last.position, { count: 1, bytes: maxBytes })
  return next.length > 0
}

interface Committed {
  readonly messages: readonly LoggedMessage[]
  readonly commitment: Hash
  readonly unfit: string | null
}

/** Commits to the longest run of messages that fit; a leading one that does not fit stands alone. */
function commit(version: ProjectVersion, salt: Hash, waiting: readonly LoggedMessage[]): Committed {
  try {
    return { messages: waiting, commitment: commitmentOf(version, salt, waiting), unfit: null }
  } catch (error) {
    if (!(error instanceof InvalidInputError)) throw error
  }
  for (const [index, logged] of waiting.entries()) {
    try {
      commitmentOf(version, salt, [logged])
    } catch (error) {
      if (!(error instanceof InvalidInputError)) throw error
      if (index === 0)
        return {
          messages: [logged],
          commitment: NO_COMMITMENT,
          unfit: `message ${logged.message.id} does not fit the project's declared fields: ${error.message}`,
        }
      const fitting = waiting.slice(0, index)
      return { messages: fitting, commitment: commitmentOf(version, salt, fitting), unfit: null }
    }
  }
  // Each fits alone, so the capacity is what they exceed together.
  const capacity = version.inputs.scheme === 'poseidon-bn254' ? version.inputs.capacity : waiting.length
  const fitting = waiting.slice(0, capacity)
  return { messages: fitting, commitment: commitmentOf(version, salt, fitting), unfit: null }
}

function commitmentOf(version: ProjectVersion, salt: Hash, logged: readonly LoggedMessage[]): Hash {
  return inputCommitment(version.inputs, { salt, payloads: logged.map(({ message }) => message.payload) })
}
