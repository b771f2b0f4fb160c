import { promisify } from 'node:util'
import { deflate } from 'node:zlib'
import { status } from '@grpc/grpc-js'
import type { ProveJob } from '@w3bstream/core/ports'
import { fromHex } from '@w3bstream/protocol'
import { z } from 'zod'
import type { GrpcConnection } from '../grpc/GrpcConnection.ts'
import { GrpcFailure } from '../grpc/GrpcFailure.ts'
import { protocols } from '../grpc/protocols.ts'
import { untilAborted } from '../untilAborted.ts'

export type OlderProtocol = 'vmRuntime' | 'vm'

/** The program that a server holds for one project, and the tasks that run on it. */
interface Tenancy {
  readonly program: string
  /** Null: the server does not have it, and whoever comes next creates it. */
  created: Promise<void> | null
  users: number
  /** A call failed, which may be the server's way to say that it forgot: the project is created again once its users are gone. */
  isDoubtful: boolean
  /** Settles when the users of now are gone. */
  empty: PromiseWithResolvers<void>
  /** Whether another program waits for that: no more come in. */
  isLeaving: boolean
}

/** Projects remembered for one server. */
const KEPT = 1_000

const nothing = z.object({})
const executed = z.object({ result: z.instanceof(Uint8Array) })
const compress = promisify(deflate)
const never = new AbortController().signal

/**
 * One server of the older protocols, over one connection. It holds one program a project, so a task of another version of the project waits for the tasks of
 * the present one to end. A program is sent once, and again after a reconnection.
 */
export class OlderClient {
  readonly #connection: GrpcConnection
  readonly #protocol: OlderProtocol
  readonly #projects = new Map<string, Tenancy>()
  #generation = -1

  constructor(connection: GrpcConnection, protocol: OlderProtocol) {
    this.#connection = connection
    this.#protocol = protocol
  }

  /**
   * Runs a task, and once more where the server knows the project no more: it may have started anew behind a proxy, or have dropped what it held.
   * @returns the result's bytes @throws {GrpcFailure} and what `signal` was aborted with
   */
  async run(job: ProveJob, signal: AbortSignal): Promise<Uint8Array> {
    try {
      return await this.#runOnce(job, signal)
    } catch (error) {
      if (!isForgotten(error)) throw error
      return await this.#runOnce(job, signal)
    }
  }

  async #runOnce(job: ProveJob, signal: AbortSignal): Promise<Uint8Array> {
    const tenancy = await this.#enter(job, signal)
    const created = this.#creation(tenancy, job)
    try {
      await untilAborted(created, signal)
      const result = await this.#execute(job, signal)
      // It knows the project: what failed was another task.
      tenancy.isDoubtful = false
      return result
    } catch (error) {
      // Where it was created again meanwhile, it is only known that the one before is gone.
      if (isForgotten(error)) forget(tenancy, created)
      else if (error instanceof GrpcFailure) tenancy.isDoubtful = true
      throw error
    } finally {
      tenancy.users -= 1
      if (tenancy.users === 0) {
        if (tenancy.isDoubtful) tenancy.created = null
        tenancy.isDoubtful = false
        tenancy.empty.resolve()
      }
    }
  }

  async #enter(job: ProveJob, signal: AbortSignal): Promise<Tenancy> {
    const project = projectOf(job)
    const program = `${job.task.version} ${job.program.hash} ${job.codeExpParam ?? ''}`
    for (;;) {
      const generation = await this.#connection.ready(signal)
      if (generation !== this.#generation) this.#projects.clear()
      this.#generation = generation
      const present = this.#projects.get(project)
      if (present?.program === program && !present.isLeaving && !present.isDoubtful) {
        if (present.users === 0) present.empty = Promise.withResolvers()
        present.users += 1
        return present
      }
      if (present === undefined || present.users === 0) return this.#take(project, program)
      present.isLeaving = true
      await untilAborted(present.empty.promise, signal)
    }
  }

  #take(project: string, program: string): Tenancy {
    const empty = Promise.withResolvers<void>()
    const tenancy: Tenancy = { program, created: null, users: 1, isDoubtful: false, empty, isLeaving: false }
    this.#projects.delete(project)
    this.#projects.set(project, tenancy)
    const [oldest] = this.#projects
    if (this.#projects.size > KEPT && oldest !== undefined && oldest[1].users === 0) this.#projects.delete(oldest[0])
    return tenancy
  }

  /** Several tasks may wait for it: none of them ends it. */
  #creation(tenancy: Tenancy, job: ProveJob): Promise<void> {
    if (tenancy.created !== null) return tenancy.created
    const created = this.#create(job)
    tenancy.created = created
    created.catch(() => forget(tenancy, created))
    return created
  }

  async #create(job: ProveJob): Promise<void> {
    const { task, program, codeExpParam, limits } = job
    const code = await compress(program.bytes)
    const call = { timeoutMs: limits.timeoutMs, signal: never, read: nothing }
    const projectID = projectOf(job)
    if (this.#protocol === 'vmRuntime') {
      const request = { projectID, content: code.toString('hex'), expParam: codeExpParam ?? '' }
      await this.#connection.unary(protocols.vmRuntime.create, { request, ...call })
    } else {
      const request = { projectID, projectVersion: task.version, binary: code, metadata: metadataOf(codeExpParam) }
      await this.#connection.unary(protocols.vm.create, { request, ...call })
    }
  }

  async #execute(job: ProveJob, signal: AbortSignal): Promise<Uint8Array> {
    const call = { timeoutMs: job.limits.timeoutMs, signal, read: executed }
    const projectID = projectOf(job)
    if (this.#protocol === 'vmRuntime') {
      const request = { projectID, datas: job.payloads }
      return (await this.#connection.unary(protocols.vmRuntime.execute, { request, ...call })).result
    }
    const payloads = job.payloads.map((payload) => Buffer.from(payload))
    const request = { projectID, projectVersion: job.task.version, taskID: fromHex(job.taskId), payloads }
    return (await this.#connection.unary(protocols.vm.execute, { request, ...call })).result
  }
}

const isForgotten = (error: unknown): boolean =>
  error instanceof GrpcFailure && error.kind === 'refused' && error.code === status.NOT_FOUND

function forget(tenancy: Tenancy, created: Promise<void>): void {
  if (tenancy.created === created) tenancy.created = null
}

const projectOf = ({ task }: ProveJob): string => task.projectId.toString()

/** Hex, as the older clients decode it, or the text itself. */
const metadataOf = (param: string | null): Uint8Array =>
  param !== null && /^(?:[0-9a-fA-F]{2})+$/.test(param) ? Buffer.from(param, 'hex') : Buffer.from(param ?? '')
