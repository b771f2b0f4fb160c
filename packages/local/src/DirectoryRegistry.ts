import type { LocalProjectDirectory } from '@w3bstream/content'
import type { Registry, Telemetry } from '@w3bstream/core'
import type { ProjectId, ProjectRecord } from '@w3bstream/protocol'

/**
 * The registry entries of a local project directory, in front of another registry: a file named by a project id is that project here, as operators and
 * developers use it.
 */
export class DirectoryRegistry implements Registry {
  readonly #behind: Registry | null
  readonly #records = new Map<ProjectId, ProjectRecord>()
  readonly #listeners = new Set<(record: ProjectRecord) => void>()
  #stop: () => void = () => {}

  private constructor(behind: Registry | null) {
    this.#behind = behind
  }

  /** Scans the directory, and again whenever it changes. Files that are no projects are named in the log. */
  static async open(modules: {
    readonly directory: LocalProjectDirectory
    /** Null: the directory is all there is. */
    readonly behind: Registry | null
    readonly telemetry: Telemetry
  }): Promise<DirectoryRegistry> {
    const registry = new DirectoryRegistry(modules.behind)
    registry.#stop = await modules.directory.watch(
      ({ projects, problems }) => {
        for (const problem of problems)
          modules.telemetry.log('warn', 'a file in the project directory was passed over', { ...problem })
        for (const { projectId, uri, hash } of projects) {
          const known = registry.#records.get(projectId)
          if (known?.hash === hash && known.uri === uri) continue
          const record: ProjectRecord = { id: projectId, uri, hash, paused: false, owner: null, block: 0n }
          registry.#records.set(projectId, record)
          for (const listener of registry.#listeners) listener(record)
        }
        const present = new Set(projects.map((project) => project.projectId))
        for (const id of registry.#records.keys()) if (!present.has(id)) registry.#records.delete(id)
      },
      (error) => modules.telemetry.log('warn', 'the project directory cannot be read', { reason: String(error) }),
    )
    return registry
  }

  async project(id: ProjectId): Promise<ProjectRecord | null> {
    return this.#records.get(id) ?? (await this.#behind?.project(id)) ?? null
  }

  async projects(): Promise<ProjectRecord[]> {
    const behind = (await this.#behind?.projects()) ?? []
    return [...this.#records.values(), ...behind.filter((record) => !this.#records.has(record.id))]
  }

  watch(listener: (record: ProjectRecord) => void): () => void {
    this.#listeners.add(listener)
    const unwatch = this.#behind?.watch((record) => {
      if (!this.#records.has(record.id)) listener(record)
    })
    return () => {
      this.#listeners.delete(listener)
      unwatch?.()
    }
  }

  close(): void {
    this.#stop()
  }
}
