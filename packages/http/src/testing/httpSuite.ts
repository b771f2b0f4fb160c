import { describe } from 'vitest'
import type { MakeHttpHost } from './HttpHost.ts'
import { eventSuite } from './suite/eventSuite.ts'
import { laterSuite } from './suite/laterSuite.ts'
import { messageSuite } from './suite/messageSuite.ts'
import { olderSuite } from './suite/olderSuite.ts'
import { quotaSuite } from './suite/quotaSuite.ts'
import { systemSuite } from './suite/systemSuite.ts'
import { taskSuite } from './suite/taskSuite.ts'
import { tokenSuite } from './suite/tokenSuite.ts'

/** How the application behaves towards its callers, whatever runs it and whatever stores are behind it. */
export function httpSuite(make: MakeHttpHost): void {
  describe('system', () => systemSuite(make))
  describe('/v1/messages', () => messageSuite(make))
  describe("Sprout's API", () => olderSuite(make))
  describe('the later W3bstream API', () => laterSuite(make))
  describe('/v1/tasks and /v1/projects', () => taskSuite(make))
  describe('/v1/tokens', () => tokenSuite(make))
  describe('event streams', () => eventSuite(make))
  describe('quotas', () => quotaSuite(make))
}
