import type { Content } from '@w3bstream/core/ports'
import { ContentUnavailableError } from '@w3bstream/protocol'
import type { EmbeddedContent } from './EmbeddedContent.ts'
import { fetchOutside } from './fetchOutside.ts'
import { GatewayContent } from './GatewayContent.ts'
import { hideEndpoint } from './hideEndpoint.ts'
import { KuboContent } from './KuboContent.ts'
import type { LocalProjectDirectory } from './LocalProjectDirectory.ts'
import { parseCid } from './parseCid.ts'
import type { Lookup } from './publicAddresses.ts'

/** Where content may come from. */
export interface RoutedContentOptions {
  /** The operator's kubo RPC: content is published there too, and read from it. It may be on a private address. */
  readonly kubo?: string
  /** The operator's trustless gateway, asked before the RPC. It may be on a private address. */
  readonly gateway?: string
  /** Host that published content is said to be at: `publish` then answers `ipfs://<host>/<cid>`, else the bare CID. */
  readonly publicHost?: string
  /** `host:port` that projects' uris may name although they are private: for tests and local development. */
  readonly allowPrivate?: readonly string[]
  readonly lookup?: Lookup
}

type Limit = { readonly maxBytes: number; readonly timeoutMs: number }
type Source = (cid: string, limit: Limit) => Promise<Uint8Array>

/**
 * All content behind one door: a uri's form says where it is looked for. What has a CID is looked for in the embedded store first.
 * Endpoints that the operator names are trusted to be where they are; hosts that a project's uri names must be public.
 */
export class RoutedContent implements Content {
  readonly #embedded: EmbeddedContent
  readonly #directory: LocalProjectDirectory | undefined
  readonly #options: RoutedContentOptions
  readonly #kubo: KuboContent | null
  readonly #operator: readonly Source[]

  constructor(
    modules: { readonly embedded: EmbeddedContent; readonly directory?: LocalProjectDirectory },
    options: RoutedContentOptions = {},
  ) {
    this.#embedded = modules.embedded
    this.#directory = modules.directory
    this.#options = options
    const own = (url: string) => ({ url, allowPrivate: [hostAndPort(new URL(url))], ...this.#lookup() })
    this.#kubo = options.kubo === undefined ? null : new KuboContent(own(options.kubo))
    const gateway = options.gateway === undefined ? null : new GatewayContent(own(options.gateway))
    this.#operator = [hidden(GATEWAY, gateway), hidden(KUBO, this.#kubo)].flat()
  }

  async fetch(uri: string, limit: Limit): Promise<Uint8Array> {
    if (/^https?:/i.test(uri)) {
      const { allowPrivate = [] } = this.#options
      return (await fetchOutside(uri, { ...limit, allowPrivate, ...this.#lookup() })).body
    }
    if (uri.startsWith('file:')) {
      if (this.#directory === undefined) throw refused(uri, 'there is no local project directory')
      return this.#directory.fetch(uri, limit)
    }
    const { host, cid } = parseIpfs(uri)
    const embedded: Source = (name, bounds) => this.#embedded.fetch(name, bounds)
    const elsewhere = host === null || this.#isOperators(host) ? this.#operator : this.#atHost(host)
    return firstOf(uri, [embedded, ...elsewhere], cid, limit)
  }

  /** Keeps the bytes in the embedded store, and adds and pins them at the operator's RPC where there is one. */
  async publish(bytes: Uint8Array): Promise<string> {
    const cid = await this.#embedded.publish(bytes)
    await hideEndpoint(KUBO, null, async () => this.#kubo?.publish(bytes))
    return this.#options.publicHost === undefined ? cid : `ipfs://${this.#options.publicHost}/${cid}`
  }

  #lookup(): { lookup?: Lookup } {
    return this.#options.lookup === undefined ? {} : { lookup: this.#options.lookup }
  }

  #isOperators(host: string): boolean {
    const { gateway, kubo, publicHost } = this.#options
    return host === publicHost || [gateway, kubo].some((url) => url !== undefined && new URL(url).host === host)
  }

  /** `ipfs://<host>/…` does not say what the host speaks: a gateway, whose blocks can be checked, comes before an RPC. */
  #atHost(host: string): Source[] {
    const { allowPrivate = [] } = this.#options
    return ['https', 'http'].flatMap((scheme) => {
      const reach = { url: `${scheme}://${host}`, allowPrivate, ...this.#lookup() }
      return [new GatewayContent(reach), new KuboContent(reach)].map(
        (source): Source =>
          (cid, limit) =>
            source.fetch(cid, limit),
      )
    })
  }
}

/** What strangers may know of the operator's endpoints. */
const GATEWAY = "the operator's gateway"
const KUBO = "the operator's IPFS node"

function hidden(name: string, source: Pick<Content, 'fetch'> | null): Source[] {
  return source === null ? [] : [(cid, limit) => hideEndpoint(name, cid, () => source.fetch(cid, limit))]
}

/** Asks one after the other; each but the last gets half of the time that is left. */
async function firstOf(uri: string, sources: readonly Source[], cid: string, limit: Limit): Promise<Uint8Array> {
  const until = performance.now() + limit.timeoutMs
  const failures: ContentUnavailableError[] = []
  for (const [i, source] of sources.entries()) {
    const timeoutMs = Math.max(1, Math.ceil((until - performance.now()) / (i === sources.length - 1 ? 1 : 2)))
    try {
      return await source(cid, { maxBytes: limit.maxBytes, timeoutMs })
    } catch (error) {
      if (!(error instanceof ContentUnavailableError)) throw error
      failures.push(error)
    }
  }
  const [first] = failures
  if (first !== undefined && sources.length === 1) throw first
  const reason = [...new Set(failures.map((failure) => `${failure.meta.uri}: ${failure.meta.reason}`))].join('; ')
  throw new ContentUnavailableError({
    uri,
    reason,
    retryable: failures.some((failure) => failure.retryable),
    cause: new AggregateError(failures),
  })
}

/** @throws {ContentUnavailableError} where the uri has none of the known forms */
function parseIpfs(uri: string): { readonly host: string | null; readonly cid: string } {
  const [, first = '', second] = /^ipfs:\/\/([^/?#]+)(?:\/([^/?#]+))?\/?$/.exec(uri) ?? []
  const cid = parseCid(second ?? (first === '' ? uri : first))
  if (cid === null)
    throw refused(uri.slice(0, 200), 'it is none of ipfs://<host>/<cid>, <cid>, http(s)://… and file:<project id>')
  if (second === undefined) return { host: null, cid: cid.toString() }
  if (!/^(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?$/.test(first) || !URL.canParse(`https://${first}`))
    throw refused(uri.slice(0, 200), 'its host is not a host name')
  return { host: first.toLowerCase(), cid: cid.toString() }
}

function hostAndPort(url: URL): string {
  return `${url.hostname}:${url.port === '' ? (url.protocol === 'https:' ? '443' : '80') : url.port}`
}

function refused(uri: string, reason: string): ContentUnavailableError {
  return new ContentUnavailableError({ uri, reason, retryable: false })
}
