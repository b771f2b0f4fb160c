import {
  ContentMismatchError,
  ContentUnavailableError,
  type Hash,
  InvalidProjectFileError,
  type ProjectConfig,
  type ProjectId,
  ProjectNotFoundError,
  type ProjectVersion,
  parseProjectFile,
  toHex,
} from '@w3bstream/protocol'
import type { BlobStore } from './ports/BlobStore.ts'
import type { Clock } from './ports/Clock.ts'
import type { Content } from './ports/Content.ts'
import type { Registry } from './ports/Registry.ts'
import type { ResolvedProject } from './W3bstream.ts'

export interface ProjectResolverModules {
  readonly registry: Registry
  readonly content: Content
  readonly blobs: BlobStore
  readonly clock: Clock
  /** sha-256 of bytes. */
  readonly sha256: (bytes: Uint8Array) => Uint8Array
}

export interface ProjectResolverOptions {
  /** Bound on a project file. Default 32 MiB. */
  readonly maxFileBytes?: number
  /** Bound on a key file. Default 256 MiB. */
  readonly maxKeyBytes?: number
  readonly fetchTimeoutMs?: number
  /** How long a registry record is believed without asking again. Default 1,000. */
  readonly recordTtlMs?: number
  /** How long a failed fetch is not tried again. Default 2,000. */
  readonly failureTtlMs?: number
  /** Parsed project files kept in memory. Default 256. */
  readonly keep?: number
  /** Their bytes together. Default 128 MiB. */
  readonly keepBytes?: number
  /** Whether callers that ask at once share one look. Default true; false where requests may not share promises (edge workers). */
  readonly share?: boolean
}

interface Cached {
  readonly resolved: Promise<ResolvedProject>
  readonly until: number
}

/**
 * Joins the registry's record of a project with its file: registry -> uri -> bytes -> sha-256 check -> parsed config, cached by hash.
 *
 * Callers that ask for the same thing at once share one fetch, and a failing source is not asked again for a moment, so that a flood of messages
 * does not become a flood of fetches.
 */
export class ProjectResolver {
  readonly #m: ProjectResolverModules
  readonly #o: Required<ProjectResolverOptions>
  readonly #projects = new Map<ProjectId, Cached>()
  readonly #configs = new Map<Hash, Promise<ProjectConfig>>()
  readonly #sizes = new Map<Hash, number>()
  readonly #unwatch: () => void

  constructor(modules: ProjectResolverModules, options: ProjectResolverOptions = {}) {
    this.#m = modules
    this.#o = {
      maxFileBytes: 32 * 2 ** 20,
      maxKeyBytes: 256 * 2 ** 20,
      fetchTimeoutMs: 30_000,
      recordTtlMs: 1_000,
      failureTtlMs: 2_000,
      keep: 256,
      keepBytes: 128 * 2 ** 20,
      share: true,
      ...options,
    }
    this.#unwatch = modules.registry.watch((record) => this.#projects.delete(record.id))
  }

  /** @throws {ProjectNotFoundError} @throws {ContentUnavailableError} @throws {ContentMismatchError} @throws {InvalidInputError} a bad file */
  project(id: ProjectId): Promise<ResolvedProject> {
    const now = this.#m.clock.now()
    const cached = this.#projects.get(id)
    if (cached !== undefined && cached.until > now) return cached.resolved
    const resolved = this.#load(id)
    const keep = (until: number): void => remember(this.#projects, id, { resolved, until }, this.#o.keep)
    if (this.#o.share) keep(now + this.#o.recordTtlMs)
    resolved.then(
      () => {
        if (!this.#o.share) keep(now + this.#o.recordTtlMs)
      },
      () => {
        if (!this.#o.share || this.#projects.get(id)?.resolved === resolved)
          keep(this.#m.clock.now() + this.#o.failureTtlMs)
      },
    )
    return resolved
  }

  /** A version of a project as it is registered now. @param version null: the default. @throws as `project` */
  async version(
    id: ProjectId,
    version: string | null,
  ): Promise<ResolvedProject & { readonly version: ProjectVersion }> {
    const resolved = await this.project(id)
    return { ...resolved, version: findVersion(id, resolved.config, version ?? resolved.config.defaultVersion) }
  }

  /** The version that a task was packed under, by its file's hash: an update in mid-flight changes nothing. */
  async pinnedVersion(id: ProjectId, configHash: Hash, version: string): Promise<ProjectVersion> {
    const record = await this.#m.registry.project(id)
    const uri = record?.hash === configHash ? record.uri : null
    return findVersion(id, await this.#config(configHash, uri), version)
  }

  /** The key file that a version names, hash-checked, kept in the blob store. Null where it names none. */
  async provingKey(version: ProjectVersion): Promise<Uint8Array | null> {
    if (version.provingKey === null) return null
    return this.#bytes(version.provingKey.hash, version.provingKey.uri, this.#o.maxKeyBytes)
  }

  close(): void {
    this.#unwatch()
  }

  async #load(id: ProjectId): Promise<ResolvedProject> {
    const record = await this.#m.registry.project(id)
    if (record === null) throw new ProjectNotFoundError({ projectId: id })
    return { record, config: await this.#config(record.hash, record.uri) }
  }

  #config(hash: Hash, uri: string | null): Promise<ProjectConfig> {
    const cached = this.#configs.get(hash)
    if (cached !== undefined) return cached
    const config = this.#bytes(hash, uri, this.#o.maxFileBytes).then((bytes) => {
      this.#keepWithin(hash, bytes.length)
      return parseProjectFile(bytes)
    })
    const keep = (): void => remember(this.#configs, hash, config, this.#o.keep)
    if (this.#o.share) keep()
    config.then(
      () => {
        if (!this.#o.share) keep()
      },
      (error: unknown) => {
        // These bytes will never be a project file; anything else may pass.
        if (!(error instanceof InvalidProjectFileError)) this.#configs.delete(hash)
      },
    )
    return config
  }

  /** Forgets the longest known files until what is in memory fits. */
  #keepWithin(hash: Hash, bytes: number): void {
    this.#sizes.set(hash, bytes)
    let sum = 0
    for (const [known, size] of this.#sizes) {
      if (this.#configs.has(known) || known === hash) sum += size
      else this.#sizes.delete(known)
    }
    for (const [known, size] of this.#sizes) {
      if (sum <= this.#o.keepBytes) break
      if (known === hash) continue
      this.#configs.delete(known)
      this.#sizes.delete(known)
      sum -= size
    }
  }

  async #bytes(hash: Hash, uri: string | null, maxBytes: number): Promise<Uint8Array> {
    const kept = await this.#m.blobs.get(hash)
    if (kept !== null) return kept
    if (uri === null)
      throw new ContentUnavailableError({
        uri: hash,
        reason: 'no copy of this earlier project file is kept, and the registry names another one now',
        retryable: false,
      })
    const bytes = await this.#m.content.fetch(uri, { maxBytes, timeoutMs: this.#o.fetchTimeoutMs })
    const actual = toHex(this.#m.sha256(bytes))
    if (actual !== hash) throw new ContentMismatchError({ uri, expected: hash, actual })
    await this.#m.blobs.put(bytes)
    return bytes
  }
}

function findVersion(id: ProjectId, config: ProjectConfig, version: string): ProjectVersion {
  const found = config.versions.find((candidate) => candidate.version === version)
  if (found === undefined) throw new ProjectNotFoundError({ projectId: id, version })
  return found
}

function remember<K, V>(map: Map<K, V>, key: K, value: V, keep: number): void {
  map.delete(key)
  map.set(key, value)
  for (const oldest of map.keys()) {
    if (map.size <= keep) break
    map.delete(oldest)
  }
}
