import type { Hex } from '@w3bstream/protocol'
import { HttpJsonRpc } from './HttpJsonRpc.ts'
import { RpcError } from './RpcError.ts'
import { WebSocketJsonRpc } from './WebSocketJsonRpc.ts'

/** One endpoint that speaks JSON-RPC 2.0. */
export interface JsonRpc {
  /** Host and port: an endpoint's path may hold a key, and is never shown. */
  readonly name: string
  /**
   * @throws {RpcError} the endpoint's answer is an error
   * @throws {Error} no answer in time, an answer over the size bound, or none that can be read
   */
  request(method: string, params: readonly unknown[], timeoutMs: number): Promise<unknown>
  close(): void
}

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

/** Reads one JSON-RPC answer. @throws {RpcError} @throws {Error} it is none */
export function readAnswer(text: string): { readonly id: unknown; readonly result: unknown } {
  let answer: unknown
  try {
    answer = JSON.parse(text)
  } catch {
    throw new Error('the answer is not JSON')
  }
  if (typeof answer !== 'object' || answer === null) throw new Error('the answer is not JSON-RPC')
  const error = 'error' in answer ? answer.error : undefined
  if (typeof error === 'object' && error !== null) throw readError(error)
  if (!('result' in answer)) throw new Error('the answer is not JSON-RPC')
  return { id: 'id' in answer ? answer.id : null, result: answer.result }
}

function readError(error: object): RpcError {
  const code = 'code' in error && typeof error.code === 'number' ? error.code : -32603
  const message = 'message' in error && typeof error.message === 'string' ? error.message.slice(0, 1000) : 'no message'
  return new RpcError(code, message, revertData('data' in error ? error.data : undefined))
}

/** Endpoints put what a call reverted with in `data`, or one level deeper. */
function revertData(data: unknown): Hex | null {
  if (typeof data === 'string') {
    const hex = /0x(?:[0-9a-fA-F]{2})*$/.exec(data)?.[0]
    return hex === undefined ? null : (hex.toLowerCase() as Hex)
  }
  return typeof data === 'object' && data !== null && 'data' in data ? revertData(data.data) : null
}
