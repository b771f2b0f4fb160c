import { describe } from 'vitest'
import { httpSuite } from './httpSuite.ts'
import { startTestServer } from './startTestServer.ts'

describe('the application under Node, over SQLite', () =>
  httpSuite(async ({ quotas, maxBatch, streamMs } = {}) => {
    const { perProject, ...perCaller } = quotas ?? {}
    const server = await startTestServer(
      {
        quotas: perCaller,
        ...(maxBatch === undefined ? {} : { maxBatch }),
        ...(streamMs === undefined ? {} : { streamMs }),
      },
      {},
      { clock: { now: () => Date.now() }, ...(perProject === undefined ? {} : { perProject }) },
    )
    return {
      origin: server.url,
      domain: server.domain,
      road: server.road,
      packsOnPost: true,
      fetch: (request) => {
        // The server closes a connection whose body it refused: the next request must not meet it.
        request.headers.set('connection', 'close')
        return fetch(request)
      },
      stop: () => server.stop(),
    }
  }))
