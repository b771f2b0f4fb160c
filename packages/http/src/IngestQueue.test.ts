import type { IngestOutcome, IngestRequest } from '@w3bstream/core'
import { messageId, projectId, StoreUnavailableError } from '@w3bstream/protocol'
import { describe, expect, it } from 'vitest'
import { IngestQueue } from './IngestQueue.ts'

const request = (payload: string): IngestRequest => ({
  projectId: projectId(1),
  version: null,
  payload,
  credential: { type: 'none' },
  idempotencyKey: null,
  source: '127.0.0.1',
})

/** The outcome names its request by the last digits of the id. */
const outcome = ({ payload }: IngestRequest): IngestOutcome => ({
  accepted: true,
  id: messageId(`019c0000-0000-7000-8000-${payload.padStart(12, '0')}`),
  duplicate: false,
  device: null,
})

function core() {
  const calls: string[][] = []
  return {
    calls,
    ingest: async (requests: readonly IngestRequest[]) => {
      calls.push(requests.map(({ payload }) => payload))
      return requests.map(outcome)
    },
  }
}

describe('IngestQueue', () => {
  it('joins the posts of one turn into one call, and answers each its own outcome', async () => {
    const w3b = core()
    const queue = new IngestQueue({ w3b }, { maxWaiting: 10, coalesce: true })
    const all = ['1', '2', '3'].map((payload) => queue.one(request(payload)))
    expect(w3b.calls).toEqual([])
    expect(await Promise.all(all)).toEqual(['1', '2', '3'].map((payload) => outcome(request(payload))))
    await queue.one(request('4'))
    expect(w3b.calls).toEqual([['1', '2', '3'], ['4']])
  })

  it('calls at once where requests may not share promises', async () => {
    const w3b = core()
    const queue = new IngestQueue({ w3b }, { maxWaiting: 10, coalesce: false })
    await Promise.all(['1', '2'].map((payload) => queue.one(request(payload))))
    expect(w3b.calls).toEqual([['1'], ['2']])
  })

  it('cuts a turn of very many posts into calls of a thousand', async () => {
    const w3b = core()
    const queue = new IngestQueue({ w3b }, { maxWaiting: 5_000, coalesce: true })
    await Promise.all(Array.from({ length: 2_500 }, (_, i) => queue.one(request(String(i)))))
    expect(w3b.calls.map((call) => call.length)).toEqual([1_000, 1_000, 500])
  })

  it('refuses more than may wait, and takes messages again when those are through', async () => {
    const queue = new IngestQueue({ w3b: core() }, { maxWaiting: 2, coalesce: true })
    const waiting = [queue.one(request('1')), queue.one(request('2'))]
    expect(() => queue.one(request('3'))).toThrow(expect.objectContaining({ code: 'OVERLOADED', status: 503 }))
    await expect(queue.many([request('4')])).rejects.toMatchObject({ code: 'OVERLOADED' })
    await Promise.all(waiting)
    await expect(queue.many([request('5'), request('6'), request('7')])).resolves.toHaveLength(3)
    await expect(queue.one(request('8'))).resolves.toMatchObject({ accepted: true })
  })

  it('gives the reason of a call that failed to all of its posts, and goes on', async () => {
    let broken = true
    const w3b = {
      ingest: async (requests: readonly IngestRequest[]) => {
        if (broken) throw new StoreUnavailableError({ reason: 'disk full' })
        return requests.map(outcome)
      },
    }
    const queue = new IngestQueue({ w3b }, { maxWaiting: 2, coalesce: true })
    const results = await Promise.allSettled([queue.one(request('1')), queue.one(request('2'))])
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    await expect(queue.many([request('3')])).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
    broken = false
    await expect(queue.one(request('4'))).resolves.toMatchObject({ accepted: true })
  })
})
