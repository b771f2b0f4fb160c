import type { IngestOutcome, IngestRequest } from '@w3bstream/core'
import { InvalidInputError, MessageNotFoundError, messageId, W3bError } from '@w3bstream/protocol'
import type { AppContext } from '../AppContext.ts'
import type { Caller } from '../access/Access.ts'
import type { V1 } from '../client.ts'
import type { Endpoints } from '../Endpoints.ts'
import { HttpError } from '../errors/HttpError.ts'
import { isOver } from '../live/isOver.ts'
import { messageEvents } from '../live/messageEvents.ts'
import { readLastEventId } from '../live/readLastEventId.ts'
import { json } from '../reply/json.ts'
import { callerTrace } from '../request/callerTrace.ts'
import { parseBody } from '../request/parseBody.ts'
import { pathParam } from '../request/pathParam.ts'
import { readBody } from '../request/readBody.ts'
import { readIdempotencyKey } from '../request/readIdempotencyKey.ts'
import { readNewMessage } from './readNewMessage.ts'
import { viewMessage } from './viewMessage.ts'

/** `/v1/messages`. Who knows a message's id may follow it and get its receipt: ids cannot be guessed. Its payload needs a token that may read. */
export function messageRoutes(endpoints: Endpoints, app: AppContext): void {
  const { access, ingest, limits, w3b } = app

  const request = (body: unknown, caller: Caller, source: string, key: string | null): IngestRequest => {
    if (typeof body !== 'object' || body === null || Array.isArray(body)) throw HttpError.notJson('A message')
    const message = readNewMessage(body as Record<string, unknown>, limits.messageBytes)
    const { projectId, version, data, device } = message
    const idempotencyKey = message.idempotencyKey ?? key
    if (idempotencyKey !== null && device === null && caller.type === 'anyone')
      throw new InvalidInputError({
        field: 'idempotencyKey',
        problem: 'counts only with a token or a device signature',
        hint: "Anyone could take a stranger's key.",
      })
    const credential = device ?? access.sender(caller, projectId)
    return { projectId, version, payload: data, credential, idempotencyKey, source }
  }

  endpoints.add({ method: 'post', path: '/v1/messages' }, async (c) => {
    const source = access.source(c)
    access.takeAddress(source, 1)
    const caller = await access.caller(c)
    access.takeCaller(caller, 1)
    const body = parseBody(await readBody(c, limits.messageBodyBytes))
    const outcome = await ingest.one({
      ...request(body, caller, source, readIdempotencyKey(c)),
      ...callerTrace(c),
    })
    if (!outcome.accepted) throw outcome.error
    return {
      status: 200,
      type: 'application/json',
      body: `{"messageId":"${outcome.id}","duplicate":${outcome.duplicate}}`,
    }
  })

  endpoints.add({ method: 'post', path: '/v1/messages/batch' }, async (c) => {
    const source = access.source(c)
    // One before the body is read, the others when their number is known.
    access.takeAddress(source, 1)
    const caller = await access.caller(c)
    const { messages, ...others } = parseBody(await readBody(c, limits.batchBytes))
    if (!Array.isArray(messages)) throw new InvalidInputError({ field: 'messages', problem: 'has to be an array' })
    for (const name in others)
      throw new InvalidInputError({ field: name.slice(0, 64), problem: 'is not a field of a batch' })
    if (messages.length === 0) throw new InvalidInputError({ field: 'messages', problem: 'is empty' })
    if (messages.length > limits.batch) throw HttpError.tooMany('messages', limits.batch)
    access.takeAddress(source, messages.length - 1)
    access.takeCaller(caller, messages.length)
    const key = readIdempotencyKey(c)
    const trace = callerTrace(c)
    const read = messages.map((message, index): IngestRequest | W3bError => {
      try {
        return { ...request(message, caller, source, key === null ? null : `${key}:${index}`), ...trace, batch: true }
      } catch (error) {
        if (error instanceof W3bError) return error
        throw error
      }
    })
    const outcomes = (
      await ingest.many(read.filter((one): one is IngestRequest => !(one instanceof W3bError)))
    ).values()
    let retryAfterS = 0
    const results = read.map((one) => {
      const outcome = one instanceof W3bError ? refusal(one) : outcomes.next().value
      if (outcome?.accepted === false && outcome.error.status === 429)
        retryAfterS = Math.max(retryAfterS, outcome.error.retryAfterS ?? 1)
      return viewOutcome(outcome)
    })
    return {
      status: 200,
      type: 'application/json',
      body: JSON.stringify({ results }),
      ...(retryAfterS === 0 ? {} : { headers: { 'retry-after': String(retryAfterS) } }),
    }
  })

  endpoints.add({ method: 'get', path: '/v1/messages/{id}' }, async (c) => {
    const reader = await access.reader(c)
    const history = await w3b.message(messageId(pathParam(c, 'id')))
    if (history === null) throw new MessageNotFoundError({ messageId: pathParam(c, 'id') })
    return json(viewMessage(history, access.mayRead(reader, history.message.projectId)))
  })

  endpoints.add({ method: 'get', path: '/v1/messages/{id}/receipt' }, async (c) => {
    await access.reader(c)
    const id = messageId(pathParam(c, 'id'))
    const receipt = await w3b.receipt(id)
    if (receipt === null) throw await missing(id, 'The receipt')
    return { status: 200, type: 'application/json', body: JSON.stringify(receipt) }
  })

  endpoints.add({ method: 'get', path: '/v1/messages/{id}/inclusion' }, async (c) => {
    await access.reader(c)
    const id = messageId(pathParam(c, 'id'))
    const inclusion = await w3b.inclusion(id)
    if (inclusion === null) throw await missing(id, 'The inclusion proof')
    return json({ messageId: id, ...inclusion })
  })

  endpoints.add({ method: 'get', path: '/v1/messages/{id}/events' }, async (c) => {
    await access.reader(c)
    const id = messageId(pathParam(c, 'id'))
    const history = await w3b.message(id)
    if (history === null) throw new MessageNotFoundError({ messageId: id })
    const seen = readLastEventId(c.req.header('last-event-id'))
    if (isOver(history, seen)) return { status: 204, type: 'text/event-stream', body: null }
    return app.streams.reply(c, (signal) => messageEvents(app, id, seen, signal))
  })

  const missing = async (id: ReturnType<typeof messageId>, what: string): Promise<W3bError> =>
    (await w3b.message(id)) === null
      ? new MessageNotFoundError({ messageId: id })
      : HttpError.notYet(what, 'The message is not in a task yet: ask again when its state is past `received`.')
}

const refusal = (error: W3bError): IngestOutcome => ({ accepted: false, error })

function viewOutcome(outcome: IngestOutcome | undefined): V1['BatchResult']['results'][number] {
  if (outcome === undefined) throw new Error('ingest gave fewer outcomes than it got requests')
  return outcome.accepted ? { messageId: outcome.id, duplicate: outcome.duplicate } : viewRefusal(outcome.error)
}

function viewRefusal(error: W3bError): V1['Refused'] {
  const { code, error: words, hint } = error.toJSON()
  return {
    code,
    error: words,
    ...(hint === undefined ? {} : { hint }),
    ...(error.retryAfterS === undefined ? {} : { retryAfterS: error.retryAfterS }),
  }
}
