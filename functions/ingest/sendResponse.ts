import type { LambdaFunctionURLResult } from 'aws-lambda'

/** A function URL's stream of one answer: Node's, as far as it is used. */
export interface AnswerStream {
  write(chunk: Uint8Array | string): boolean
  end(): unknown
  readonly destroyed: boolean
  once(event: 'drain' | 'close' | 'error', listener: () => void): unknown
  off(event: 'drain' | 'close' | 'error', listener: () => void): unknown
}

/** What comes before an answer's body. */
export function answerHead(response: Response): {
  statusCode: number
  headers: Record<string, string>
  cookies: string[]
} {
  const { 'set-cookie': _, ...headers } = Object.fromEntries(response.headers)
  return { statusCode: response.status, headers, cookies: response.headers.getSetCookie() }
}

/** An answer in one piece; bytes that are no text go as base64. */
export async function bufferedAnswer(response: Response): Promise<LambdaFunctionURLResult> {
  const bytes = Buffer.from(await response.arrayBuffer())
  const text = /^(?:text\/|application\/json)/.test(response.headers.get('content-type') ?? '')
  return { ...answerHead(response), body: bytes.toString(text ? 'utf8' : 'base64'), isBase64Encoded: !text }
}

/**
 * Writes an answer's body as it comes, no faster than the caller takes it, and ends the stream. A caller that left, and a body that broke off, end both.
 * @param stream the answer's stream, its head written
 */
export async function streamAnswer(response: Response, stream: AnswerStream): Promise<void> {
  const reader = response.body?.getReader()
  // A stream that was never written to sends no head.
  if (reader === undefined) stream.write('')
  else {
    let left = false
    let wake = (): void => {}
    const onDrain = (): void => wake()
    const onGone = (): void => {
      left = true
      wake()
      // The body's source stops for it.
      reader.cancel().catch(() => {})
    }
    stream.once('close', onGone)
    stream.once('error', onGone)
    try {
      stream.write('')
      while (!left && !stream.destroyed) {
        const { done, value } = await reader.read()
        if (done || left) break
        if (stream.write(value)) continue
        await new Promise<void>((resolve) => {
          wake = resolve
          stream.once('drain', onDrain)
          if (left || stream.destroyed) resolve()
        })
        stream.off('drain', onDrain)
      }
    } finally {
      stream.off('close', onGone)
      // A late error must find a listener still.
      reader.cancel().catch(() => {})
    }
  }
  if (!stream.destroyed) stream.end()
}
