import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { importer } from 'ipfs-unixfs-importer'
import { fixedSize } from 'ipfs-unixfs-importer/chunker'
import { CID } from 'multiformats/cid'
import { cidOf } from './cidOf.ts'

/** What a test server of IPFS speaks. */
export interface IpfsServerOptions {
  readonly gateway?: boolean
  readonly rpc?: boolean
}

/** A small IPFS node for tests: blocks in memory, a trustless gateway and two calls of kubo's RPC over real HTTP on loopback. */
export class IpfsServer implements AsyncDisposable {
  /** Blocks by CID; tests change them to tamper. */
  readonly blocks = new Map<string, Uint8Array>()
  /** Whole files, for `cat`. */
  readonly files = new Map<string, Uint8Array>()
  /** `METHOD path?query` of each request. */
  readonly asked: string[] = []
  /** Answers in its place where it says so. */
  intercept: (path: string, response: ServerResponse) => boolean = () => false
  readonly #server: Server

  private constructor(options: IpfsServerOptions) {
    this.#server = createServer((request, response) => {
      const path = request.url ?? ''
      this.asked.push(`${request.method} ${path}`)
      if (this.intercept(path, response)) return
      const url = new URL(path, 'http://localhost')
      const block = /^\/ipfs\/([^/]+)$/.exec(url.pathname)?.[1]
      const isBlock = url.searchParams.get('format') === 'raw' && request.headers.accept === 'application/vnd.ipld.raw'
      if (options.gateway === true && block !== undefined && isBlock) return send(response, this.blocks.get(block))
      if (options.rpc === true && request.method === 'POST' && url.pathname === '/api/v0/cat')
        return send(response, this.files.get(url.searchParams.get('arg') ?? ''))
      if (options.rpc === true && request.method === 'POST' && url.pathname === '/api/v0/add') {
        const chunks: Buffer[] = []
        request.on('data', (chunk: Buffer) => chunks.push(chunk))
        request.on('end', async () => {
          const form = await new Response(Buffer.concat(chunks), {
            headers: { 'content-type': String(request.headers['content-type']) },
          }).formData()
          const file = form.get('file')
          if (!(file instanceof Blob)) return send(response, undefined)
          const bytes = new Uint8Array(await file.arrayBuffer())
          const cid = await cidOf(bytes)
          this.files.set(cid, bytes)
          send(response, new TextEncoder().encode(`${JSON.stringify({ Name: 'file', Hash: cid, Size: '1' })}\n`))
        })
        return
      }
      send(response, undefined)
    })
  }

  static async start(options: IpfsServerOptions): Promise<IpfsServer> {
    const ipfs = new IpfsServer(options)
    await new Promise<void>((resolve) => ipfs.#server.listen(0, '127.0.0.1', resolve))
    return ipfs
  }

  /** Adds a file as some other software would: raw leaves, small chunks, version 1. @returns its CID */
  async add(bytes: Uint8Array, chunkSize = 1000): Promise<string> {
    let root = ''
    const put = async (cid: CID, block: unknown) => {
      if (block instanceof Uint8Array) this.blocks.set(cid.toString(), block)
      return cid
    }
    const source = [{ content: [bytes] }]
    for await (const { cid } of importer(
      source,
      { put },
      { cidVersion: 1, rawLeaves: true, chunker: fixedSize({ chunkSize }) },
    ))
      root = cid.toString()
    // A reader asks by whichever version it was given; both name the same block.
    for (const [cid, block] of [...this.blocks]) {
      const parsed = CID.parse(cid)
      if (parsed.version === 1 && parsed.code === 0x70) this.blocks.set(parsed.toV0().toString(), block)
    }
    this.files.set(root, bytes)
    this.files.set(normal(root), bytes)
    return normal(root)
  }

  get port(): number {
    const address: AddressInfo | string | null = this.#server.address()
    if (typeof address !== 'object' || address === null) throw new Error('the server does not listen')
    return address.port
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }
}

function normal(text: string): string {
  const cid = CID.parse(text)
  return cid.code === 0x70 ? cid.toV0().toString() : text
}

function send(response: ServerResponse, bytes: Uint8Array | undefined): void {
  if (bytes === undefined) response.writeHead(404).end('not found')
  else response.writeHead(200).end(bytes)
}
