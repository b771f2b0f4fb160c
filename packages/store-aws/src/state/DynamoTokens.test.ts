import { tokensSuite } from '@w3bstream/core/ports/suites'
import { beforeAll, describe } from 'vitest'
import { testAws } from '../testing/index.ts'
import { DynamoTokens } from './DynamoTokens.ts'
import { openState } from './openState.ts'

const aws = testAws()

for (const client of ['fetch', 'sdk'] as const)
  describe(`DynamoTokens over ${client}`, () => {
    let tokens: DynamoTokens
    beforeAll(async () => {
      const { tables } = await aws.make()
      tokens = new DynamoTokens(await openState({ aws: aws[client] }, { table: tables.state }))
    })
    tokensSuite(async () => tokens)
  })
