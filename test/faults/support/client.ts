import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { V1 } from '@w3bstream/http'
import type { LocalNode } from '@w3bstream/local'
import type { ProjectId } from '@w3bstream/protocol'
import { until } from '../../support/until.ts'

/** An answer of a node, with its JSON. */
export interface Answer {
  readonly status: number
  readonly body: Readonly<Record<string, unknown>>
}

/** What a node's user sees, through its HTTP API alone. */
export function client(node: Pick<LocalNode, 'url' | 'store'>) {
  const ask = async (path: string, init: RequestInit = {}): Promise<Answer> => {
    const answer = await fetch(`${node.url}${path}`, { ...init, signal: AbortSignal.timeout(60_000) })
    return { status: answer.status, body: (await answer.json()) as Answer['body'] }
  }
  const post = (projectId: ProjectId, data = '{"t":1}'): Promise<Answer> =>
    ask('/v1/messages', { method: 'POST', body: JSON.stringify({ projectId: String(projectId), data }) })
  const task = async (id: string): Promise<V1['TaskWithStates']> => {
    const { body } = await ask(`/v1/tasks/${id}`)
    return body as V1['TaskWithStates']
  }
  return {
    post,
    task,
    ready: (): Promise<Answer> => ask('/readyz'),
    /** Posts a message that has to be accepted. @returns its id */
    async send(projectId: ProjectId, data?: string): Promise<string> {
      const { status, body } = await post(projectId, data)
      if (status !== 200) throw new Error(`refused with ${status}: ${JSON.stringify(body)}`)
      return String(body.messageId)
    },
    /** Waits until a message's task is in a state. @throws when it ends in another */
    async taskOf(message: string, state: string, timeoutMs = 60_000): Promise<V1['TaskWithStates']> {
      const ended = new Set(['failed', 'finalized'])
      return until(
        `message ${message} to be ${state}`,
        async () => {
          const { body } = await ask(`/v1/messages/${message}`)
          const { id } = Object(body.task)
          if (typeof id !== 'string') return null
          const found = await task(id)
          if (found.state === state) return found
          if (ended.has(found.state)) throw new Error(`it is ${found.state}, not ${state}: ${found.failure}`)
          return null
        },
        timeoutMs,
      )
    },
    /** Puts a failed task back on the road, as the node's operator. */
    replay(id: string): Promise<Answer> {
      const token = readFileSync(join(node.store.dir, 'operator.token'), 'utf8').trim()
      return ask(`/v1/tasks/${id}/replay`, { method: 'POST', headers: { authorization: `Bearer ${token}` } })
    },
  }
}
