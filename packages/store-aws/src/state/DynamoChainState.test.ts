import { chainStateSuite } from '@w3bstream/core/ports/suites'
import { beforeAll, describe } from 'vitest'
import { testAws } from '../testing/index.ts'
import { DynamoChainState } from './DynamoChainState.ts'
import { openState } from './openState.ts'

const aws = testAws()

for (const client of ['fetch', 'sdk'] as const)
  describe(`DynamoChainState over ${client}`, () => {
    let state: DynamoChainState
    beforeAll(async () => {
      const { tables } = await aws.make()
      state = new DynamoChainState(await openState({ aws: aws[client] }, { table: tables.state }))
    })
    chainStateSuite(async () => state)
  })
