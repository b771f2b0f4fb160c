import { type MessageId, ProjectNotFoundError } from '@w3bstream/protocol'
import type { AppContext } from '../AppContext.ts'
import type { Handler } from '../Endpoints.ts'
import { ProjectConfigNotExistError } from '../errors/ProjectConfigNotExistError.ts'
import { json } from '../reply/json.ts'
import type { Reply } from '../reply/Reply.ts'
import { callerTrace } from '../request/callerTrace.ts'
import { readBody } from '../request/readBody.ts'
import { readIdempotencyKey } from '../request/readIdempotencyKey.ts'
import { type OlderMessage, readOlderMessage } from './readOlderMessage.ts'

/** `POST /message`: both older APIs, told apart by the presence of `signature`. */
export function postMessage(app: AppContext): Handler {
  const { access, ingest, limits } = app
  return async (c) => {
    const source = access.source(c)
    access.takeAddress(source, 1)
    const caller = await access.caller(c)
    access.takeCaller(caller, 1)
    const message = readOlderMessage(await readBody(c, limits.messageBodyBytes), limits.messageBytes)
    const { projectId, version, data, signature } = message
    const outcome = await ingest.one({
      projectId,
      version,
      payload: data,
      credential: signature === null ? access.sender(caller, projectId) : { type: 'legacy', signature },
      idempotencyKey: readIdempotencyKey(c),
      source,
      ...callerTrace(c),
    })
    if (!outcome.accepted) {
      const cause = outcome.error
      throw cause instanceof ProjectNotFoundError
        ? new ProjectConfigNotExistError({ projectId, version, cause })
        : cause
    }
    if (signature === null) return { status: 200, type: 'application/json', body: `{"messageID":"${outcome.id}"}` }
    return app.packOnPost ? packed(app, message, outcome.id) : json({})
  }
}

/** The later API's answer: the task, where this post filled the batch, whoever packed it. */
async function packed(
  { w3b, telemetry }: AppContext,
  { projectId, version }: OlderMessage,
  id: MessageId,
): Promise<Reply> {
  try {
    await w3b.packNow(projectId, version)
    const { membership, task } = (await w3b.message(id)) ?? {}
    const filled = membership && task && membership.index === task.task.messageCount - 1
    return json(filled ? { taskID: task.id } : {})
  } catch (error) {
    // The message is durable, and the sequencer will pack it: a refusal would make the device send it twice.
    telemetry.log('warn', 'packing within a post failed', { projectId: projectId.toString(), error: String(error) })
    return json({})
  }
}
