import { createServer, request, type Server } from 'node:http'
import { onTestFinished } from 'vitest'

/** How an endpoint behaves: as its chain does, silent, or as one of another chain. */
export type Behaviour = 'honest' | 'hanging' | 'lying'

/** Stands before a chain's endpoint as a server of its own, and behaves as it is told. */
export class ChainProxy {
  readonly url: string
  behaviour: Behaviour = 'honest'
  /** How often a liar still says the truth. */
  truths = 0
  /** Methods asked for while it was not honest. */
  readonly asked: string[] = []

  private constructor(url: string) {
    this.url = url
  }

  /** For the length of a test. */
  static async start(target: string): Promise<ChainProxy> {
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => {
      server.closeAllConnections()
      server.close()
    })
    const proxy = new ChainProxy(`http://127.0.0.1:${portOf(server)}`)
    server.on('request', (message, response) => {
      const chunks: Buffer[] = []
      message.on('data', (chunk: Buffer) => chunks.push(chunk))
      message.on('end', () => {
        const body = Buffer.concat(chunks).toString()
        const { id, method } = JSON.parse(body)
        if (proxy.behaviour !== 'honest') proxy.asked.push(method)
        if (proxy.behaviour === 'hanging') return
        if (proxy.behaviour === 'lying' && method === 'eth_chainId' && proxy.truths-- <= 0)
          return response.end(JSON.stringify({ jsonrpc: '2.0', id, result: '0x1' }))
        const headers = { 'content-type': 'application/json' }
        const onward = request(target, { method: 'POST', headers }, (reply) => reply.pipe(response))
        onward.on('error', () => response.destroy())
        onward.end(body)
      })
    })
    return proxy
  }
}

function portOf(server: Server): number {
  const address = server.address()
  if (typeof address !== 'object' || address === null) throw new Error('it does not listen')
  return address.port
}
