import type { ProjectResolver, Registry, Telemetry } from '@w3bstream/core'
import { type Hash, W3bError } from '@w3bstream/protocol'

/** Project files fetched at once. */
const PARALLEL = 4

export interface RegistryFollowerModules {
  readonly registry: Pick<Registry, 'projects'> & { sync(): Promise<void> }
  readonly projects: Pick<ProjectResolver, 'project'>
  readonly telemetry: Telemetry
}

/**
 * Keeps what a deployment knows of its registry up to date: the records as of the newest final block, and in the blob store the files that they name,
 * so that whoever takes messages in asks no chain and no content network.
 */
export class RegistryFollower {
  readonly #m: RegistryFollowerModules
  /** Files that are in the blob store. */
  readonly #there = new Set<Hash>()

  constructor(modules: RegistryFollowerModules) {
    this.#m = modules
  }

  /** Reads what is new. A chain or a file that is away is logged: the next call tries again. @param signal ends it between two files */
  async follow(signal: AbortSignal): Promise<void> {
    await this.#guard('the registry cannot be followed now', {}, () => this.#m.registry.sync())
    const records = (await this.#m.registry.projects()).filter(({ hash }) => !this.#there.has(hash))
    const left = records.values()
    const lane = async (): Promise<void> => {
      for (const { id, hash } of left) {
        if (signal.aborted) return
        await this.#guard('a project file cannot be fetched now', { project: String(id) }, async () => {
          await this.#m.projects.project(id)
          this.#there.add(hash)
        })
      }
    }
    await Promise.all(Array.from({ length: PARALLEL }, lane))
  }

  async #guard(what: string, fields: Readonly<Record<string, unknown>>, step: () => Promise<void>): Promise<void> {
    try {
      await step()
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      this.#m.telemetry.log(error instanceof W3bError ? 'warn' : 'error', what, { ...fields, reason })
    }
  }
}
