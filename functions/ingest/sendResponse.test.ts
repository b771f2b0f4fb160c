import { PassThrough } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { answerHead, bufferedAnswer, streamAnswer } from './sendResponse.ts'

const MIB = 2 ** 20

/** Reads a stream to its end. */
async function read(stream: PassThrough): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of stream) chunks.push(chunk)
  return Buffer.concat(chunks)
}

/** A body of so many chunks of a MiB, and what became of it. */
function source(chunks: number, failure?: Error) {
  const told = { pulled: 0, cancelled: Promise.withResolvers<void>() }
  const body = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        if (told.pulled === chunks) {
          if (failure === undefined) controller.close()
          else controller.error(failure)
        } else {
          told.pulled++
          controller.enqueue(new Uint8Array(MIB).fill(told.pulled))
        }
      },
      cancel: () => told.cancelled.resolve(),
    },
    { highWaterMark: 0 },
  )
  return { body, told }
}

describe('streamAnswer', () => {
  it('writes a large body whole, no faster than it is taken', async () => {
    const { body, told } = source(12)
    const stream = new PassThrough({ highWaterMark: MIB })
    const sent = streamAnswer(new Response(body), stream)
    await new Promise((resolve) => stream.once('readable', resolve))
    expect(told.pulled).toBeLessThan(12)
    const bytes = await read(stream)
    await sent
    expect([bytes.length, bytes.at(0), bytes.at(-1)]).toEqual([12 * MIB, 1, 12])
  })

  it('ends a stream without a body', async () => {
    const stream = new PassThrough()
    await streamAnswer(new Response(null, { status: 204 }), stream)
    expect(await read(stream)).toHaveLength(0)
  })

  it('stops the body of a caller that left, before and while it waits', async () => {
    for (const takes of [false, true]) {
      const { body, told } = source(1_000)
      const stream = new PassThrough({ highWaterMark: 1 })
      const sent = streamAnswer(new Response(body), stream)
      if (takes) await new Promise((resolve) => stream.once('data', resolve))
      else await new Promise((resolve) => stream.once('readable', resolve))
      stream.destroy()
      await sent
      await told.cancelled.promise
      expect(told.pulled).toBeLessThan(1_000)
    }
  })

  it('stops for a stream that breaks, and leaves no error unheard', async () => {
    const { body, told } = source(1_000)
    const stream = new PassThrough({ highWaterMark: 1 })
    const sent = streamAnswer(new Response(body), stream)
    await new Promise((resolve) => stream.once('readable', resolve))
    stream.destroy(new Error('the connection is gone'))
    await sent
    await told.cancelled.promise
  })

  it('passes on that a body broke off, after what came before', async () => {
    const { body } = source(1, new Error('the store went away'))
    const stream = new PassThrough()
    const read1 = new Promise<number>((resolve) => stream.once('data', (chunk: Buffer) => resolve(chunk.length)))
    await expect(streamAnswer(new Response(body), stream)).rejects.toThrow('the store went away')
    expect(await read1).toBe(MIB)
  })
})

describe('an answer in one piece', () => {
  it('is text where it is text, and base64 else', async () => {
    const json = await bufferedAnswer(Response.json({ a: 'é' }, { status: 201 }))
    expect(json).toMatchObject({ statusCode: 201, body: '{"a":"é"}', isBase64Encoded: false })
    const type = { 'content-type': 'application/octet-stream' }
    const bytes = await bufferedAnswer(new Response(Uint8Array.of(0, 255), { headers: type }))
    expect(bytes).toMatchObject({ body: 'AP8=', isBase64Encoded: true, headers: type })
  })

  it('has its cookies apart from its headers', () => {
    const headers = new Headers({ 'content-type': 'text/plain' })
    headers.append('set-cookie', 'a=1')
    headers.append('set-cookie', 'b=2')
    expect(answerHead(new Response('x', { headers }))).toEqual({
      statusCode: 200,
      headers: { 'content-type': 'text/plain' },
      cookies: ['a=1', 'b=2'],
    })
  })
})
