import { StoreUnavailableError } from '@w3bstream/protocol'
import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { testAws } from '../testing/index.ts'
import { LeaderLease } from './LeaderLease.ts'
import { openState } from './openState.ts'
import type { StateTable } from './StateTable.ts'

const aws = testAws()
const NOW = 1_767_225_600_000

for (const client of ['fetch', 'sdk'] as const)
  describe(`LeaderLease over ${client}`, () => {
    let table: StateTable
    let name = 0
    beforeAll(async () => {
      const { tables } = await aws.make()
      table = (await openState({ aws: aws[client] }, { table: tables.state })).table
    })
    beforeEach(() => {
      name++
      aws.dynamo.proxy.clear()
    })
    const lease = (holder: string) => new LeaderLease({ table }, { name: `node-${name}`, holder, ttlMs: 1_000 })

    it('is given to one of those who race for it', async () => {
      const all = await Promise.all(['a', 'b', 'c', 'd', 'e'].map((holder) => lease(holder).acquire(NOW)))
      expect(all.filter((one) => one !== null)).toEqual([{ token: 1n, until: NOW + 1_000 }])
    })

    it('goes to another when it ran out, with a higher token, and the late leader learns it', async () => {
      const [late, next] = [lease('late'), lease('next')]
      const first = await late.acquire(NOW)
      expect(await next.acquire(NOW + 999)).toBeNull()
      const second = await next.acquire(NOW + 1_000)
      expect(second).toEqual({ token: 2n, until: NOW + 2_000 })
      expect(await late.renew(first?.token ?? -1n, NOW + 1_001)).toBeNull()
      await late.release(first?.token ?? -1n)
      expect(await late.acquire(NOW + 1_500)).toBeNull()
      expect(await next.renew(2n, NOW + 1_500)).toEqual({ token: 2n, until: NOW + 2_500 })
    })

    it('is not renewed once it ran out, even where nobody else leads', async () => {
      const one = lease('one')
      const first = await one.acquire(NOW)
      expect(await one.renew(first?.token ?? -1n, NOW + 1_000)).toBeNull()
      expect(await one.acquire(NOW + 1_001)).toEqual({ token: 2n, until: NOW + 2_001 })
    })

    it('is free at once when its leader steps back', async () => {
      const one = lease('one')
      const first = await one.acquire(NOW)
      await one.release(first?.token ?? -1n)
      expect(await lease('two').acquire(NOW)).toEqual({ token: 2n, until: NOW + 1_000 })
      expect(await one.renew(first?.token ?? -1n, NOW)).toBeNull()
    })

    it('is held by who asked where the answer was lost', async () => {
      const lost = aws.dynamo.proxy.inject({
        fault: { type: 'drop', when: 'after' },
        operation: 'UpdateItem',
        times: 1,
      })
      const first = await lease('one').acquire(NOW)
      expect(lost.hits()).toBe(1)
      expect(first).not.toBeNull()
      expect(await lease('one').renew(first?.token ?? -1n, NOW + 1)).toEqual({
        token: first?.token,
        until: NOW + 1_001,
      })
      expect(await lease('two').acquire(NOW + 1)).toBeNull()
    })

    it('says so where the table cannot be asked, and nobody leads by guess', async () => {
      aws.dynamo.proxy.inject({ fault: { type: 'throttle' } })
      await expect(lease('one').acquire(NOW)).rejects.toThrow(StoreUnavailableError)
      await expect(lease('one').renew(1n, NOW)).rejects.toThrow(StoreUnavailableError)
      aws.dynamo.proxy.clear()
      expect(await lease('two').acquire(NOW)).not.toBeNull()
    })
  })
