import { messageLogSuite } from '@w3bstream/core/ports/suites'
import { describe } from 'vitest'
import { testAws } from '../testing/testAws.ts'
import { logWorld } from './logWorld.test.fixture.ts'

describe('DynamoMessageLog', () => {
  const aws = testAws()

  describe.each(['sdk', 'fetch'] as const)('over %s', (client) => {
    messageLogSuite(async () => {
      const world = await logWorld(aws, aws[client])
      world.pump((records) => world.writer.write(records))
      return world
    })
  })
})
