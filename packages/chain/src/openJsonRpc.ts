import { HttpJsonRpc } from './HttpJsonRpc.ts'
import type { JsonRpc } from './JsonRpc.ts'
import { WebSocketJsonRpc } from './WebSocketJsonRpc.ts'

/** @param url http(s) or ws(s). @throws {TypeError} anything else */
export function openJsonRpc(url: string, maxResponseBytes: number): JsonRpc {
  const parsed = new URL(url)
  switch (parsed.protocol) {
    case 'http:':
    case 'https:':
      return new HttpJsonRpc(parsed, maxResponseBytes)
    case 'ws:':
    case 'wss:':
      return new WebSocketJsonRpc(parsed, maxResponseBytes)
    default:
      throw new TypeError(`a chain endpoint is http, https, ws or wss, not ${parsed.protocol}`)
  }
}
