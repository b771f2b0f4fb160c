import type { Hex } from '@w3bstream/protocol'
import { RpcError } from './RpcError.ts'

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
