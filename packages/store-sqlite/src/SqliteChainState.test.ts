import { chainStateSuite } from '@w3bstream/core/ports/suites'
import { describe } from 'vitest'
import { testStore } from './testStore.ts'

describe('SqliteChainState', () => chainStateSuite(async () => (await testStore()).chain))
