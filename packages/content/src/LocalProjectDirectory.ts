import { createHash } from 'node:crypto'
import { type FSWatcher, watch } from 'node:fs'
import { mkdir, open, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Content } from '@w3bstream/core/ports'
import { ContentUnavailableError, type Hash, hash, type ProjectId, projectId } from '@w3bstream/protocol'

/** A project file in the directory. */
export interface LocalProject {
  readonly projectId: ProjectId
  /** `file:<file name>` */
  readonly uri: string
  /** sha-256 of the file. */
  readonly hash: Hash
}

/** What a scan found: projects by id, and files that were passed over. */
export interface LocalProjects {
  readonly projects: readonly LocalProject[]
  readonly problems: readonly { readonly file: string; readonly reason: string }[]
}

/** Gathers the several events that one save of a file makes. */
const SETTLE_MS = 100
const FILE_NAME = /^([1-9][0-9]{0,19})(?:\.json)?$/

/** A directory of project files, as operators and developers use it: the file name is the project id, with or without `.json`. */
export class LocalProjectDirectory implements Pick<Content, 'fetch'> {
  readonly #dir: string
  readonly #maxBytes: number

  /** @param options.maxBytes larger files are passed over. Default 32 MiB */
  constructor(options: { readonly dir: string; readonly maxBytes?: number }) {
    this.#dir = options.dir
    this.#maxBytes = options.maxBytes ?? 32 * 1024 * 1024
  }

  /** Reads the directory as it is now; a missing one is empty. Other files than projects' are no problem, only unread. */
  async scan(): Promise<LocalProjects> {
    const projects = new Map<ProjectId, LocalProject>()
    const problems: { file: string; reason: string }[] = []
    for (const file of (await this.#files()).sort()) {
      const uri = `file:${file}`
      try {
        const id = projectId(FILE_NAME.exec(file)?.[1] ?? '')
        if (projects.has(id)) throw new Error(`project ${id} has another file already`)
        const bytes = await this.#read(file, this.#maxBytes)
        projects.set(id, { projectId: id, uri, hash: hash(`0x${createHash('sha256').update(bytes).digest('hex')}`) })
      } catch (error) {
        problems.push({ file, reason: error instanceof Error ? error.message : String(error) })
      }
    }
    return { projects: [...projects.values()].sort((a, b) => (a.projectId < b.projectId ? -1 : 1)), problems }
  }

  /**
   * Scans once, then after each change of the directory, which is made where it is missing; scans never overlap.
   * @param failed told when a scan itself fails; the next change tries again
   * @returns stops watching
   */
  async watch(found: (projects: LocalProjects) => void, failed: (error: unknown) => void): Promise<() => void> {
    await mkdir(this.#dir, { recursive: true })
    let timer: NodeJS.Timeout | undefined
    let scanning = false
    let again = false
    let stopped = false
    const rescan = async () => {
      again = scanning
      if (scanning) return
      scanning = true
      try {
        const projects = await this.scan()
        if (!stopped) found(projects)
      } catch (error) {
        if (!stopped) failed(error)
      }
      scanning = false
      if (again && !stopped) await rescan()
    }
    const watcher: FSWatcher = watch(this.#dir, { persistent: false }, () => {
      clearTimeout(timer)
      timer = setTimeout(rescan, SETTLE_MS)
    })
    watcher.on('error', failed)
    await rescan()
    return () => {
      stopped = true
      clearTimeout(timer)
      watcher.close()
    }
  }

  /** @param uri `file:<project id>`, with or without `.json`; nothing else in the directory can be named, and nothing outside it */
  async fetch(uri: string, limit: { readonly maxBytes: number; readonly timeoutMs: number }): Promise<Uint8Array> {
    const file = /^file:(.*)$/s.exec(uri)?.[1] ?? ''
    const refuse = (reason: string, cause?: unknown) =>
      new ContentUnavailableError({ uri, reason, retryable: false, cause })
    if (!FILE_NAME.test(file)) throw refuse('only file:<project id> names a file of the local project directory')
    const other = file.endsWith('.json') ? [] : [`${file}.json`]
    for (const name of [file, ...other]) {
      try {
        return await this.#read(name, limit.maxBytes)
      } catch (error) {
        if (!isMissing(error)) throw refuse(error instanceof Error ? error.message : String(error), error)
      }
    }
    throw refuse('the local project directory has no such file')
  }

  async #files(): Promise<string[]> {
    try {
      return (await readdir(this.#dir)).filter((name) => FILE_NAME.test(name))
    } catch (error) {
      if (isMissing(error)) return []
      throw error
    }
  }

  async #read(name: string, maxBytes: number): Promise<Uint8Array> {
    const file = await open(join(this.#dir, name), 'r')
    try {
      const stat = await file.stat()
      if (!stat.isFile()) throw new Error('it is not a regular file')
      // One byte more than allowed shows a file that grew after it was measured.
      const bytes = new Uint8Array(Math.min(stat.size, maxBytes) + 1)
      let size = 0
      for (;;) {
        const { bytesRead } = await file.read(bytes, size, bytes.length - size, size)
        size += bytesRead
        if (bytesRead === 0 || size === bytes.length) break
      }
      if (size > maxBytes) throw new Error(`it is larger than ${maxBytes} bytes`)
      if (size > stat.size) throw new Error('it changed while it was read')
      return bytes.slice(0, size)
    } finally {
      await file.close()
    }
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT'
}
