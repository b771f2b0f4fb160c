import { taskStoreSuite } from '@w3bstream/core/ports/suites'
import { describe } from 'vitest'
import { testStore } from './testStore.ts'

describe('SqliteTaskStore', () => taskStoreSuite(() => testStore()))
