import { StoreFormatError } from '@w3bstream/core/ports'
import { StoreUnavailableError, toHex } from '@w3bstream/protocol'
import { describe, expect, it } from 'vitest'
import type { Aws } from '../calls/Aws.ts'
import { AwsError } from '../calls/AwsError.ts'
import { DATA_FORMAT } from '../tables.ts'
import { testAws } from '../testing/index.ts'
import { attribute } from './attribute.ts'
import { openState, type StateMigration } from './openState.ts'

const aws = testAws()

describe('openState', () => {
  it('draws the secret once, whoever opens it at once and later', async () => {
    const { tables } = await aws.make()
    const open = () => openState({ aws: aws.fetch }, { table: tables.state })
    const secrets = (await Promise.all([open(), open(), open(), open()])).map(({ idSecret }) => toHex(idSecret))
    expect(secrets[0]).toMatch(/^0x[0-9a-f]{64}$/)
    expect(new Set([...secrets, toHex((await open()).idSecret)]).size).toBe(1)
    const other = await openState({ aws: aws.fetch }, { table: (await aws.make()).tables.state })
    expect(secrets).not.toContain(toHex(other.idSecret))
  })

  it('keeps the secret whose answer was lost', async () => {
    const { tables } = await aws.make()
    const lost = aws.dynamo.proxy.inject({ fault: { type: 'drop', when: 'after' }, operation: 'PutItem', times: 1 })
    const first = await openState({ aws: aws.fetch }, { table: tables.state })
    expect(lost.hits()).toBe(1)
    expect((await openState({ aws: aws.fetch }, { table: tables.state })).idSecret).toEqual(first.idSecret)
  })

  it('gives out no secret that is not stored', async () => {
    const { tables } = await aws.make()
    const refuse: Aws = {
      ...aws.fetch,
      dynamo(operation, input, options) {
        const code = 'ConditionalCheckFailedException'
        if (operation === 'PutItem')
          return Promise.reject(new AwsError({ code, message: 'refused', status: 400, retryable: false }))
        return aws.fetch.dynamo(operation, input, options)
      },
    }
    await expect(openState({ aws: refuse }, { table: tables.state })).rejects.toThrow(StoreUnavailableError)
  })

  it('writes the format that a deploy compares', async () => {
    const { tables } = await aws.make()
    const { table } = await openState({ aws: aws.fetch }, { table: tables.state })
    expect(await table.get({ pk: 'meta', sk: 'meta' })).toMatchObject({ format: attribute.int(DATA_FORMAT) })
  })

  it('refuses a newer format, naming both, and changes nothing', async () => {
    const { tables } = await aws.make()
    const { table, idSecret } = await openState({ aws: aws.fetch }, { table: tables.state })
    const newer = {
      pk: attribute.text('meta'),
      sk: attribute.text('meta'),
      format: attribute.int(7),
      idSecret: attribute.bytes(idSecret),
    }
    await table.put(newer)
    const opening = openState({ aws: aws.fetch }, { table: tables.state })
    await expect(opening).rejects.toThrow(StoreFormatError)
    await expect(opening).rejects.toThrow(`${tables.state} has format 7; this release reads formats up to 1.`)
    expect(await table.get({ pk: 'meta', sk: 'meta' })).toEqual(newer)
  })

  it('brings an older format to the newest, step by step, and a stopped one goes on where it was', async () => {
    const { tables } = await aws.make()
    const { idSecret } = await openState({ aws: aws.fetch }, { table: tables.state })
    const ran: number[] = []
    let broken = true
    const migrations: StateMigration[] = [
      async () => void ran.push(1),
      async () => {
        if (broken) throw new Error('stopped')
        ran.push(2)
      },
    ]
    const open = () => openState({ aws: aws.fetch }, { table: tables.state, migrations })
    await expect(open()).rejects.toThrow('stopped')
    broken = false
    expect((await open()).idSecret).toEqual(idSecret)
    await open()
    expect(ran).toEqual([1, 2])
    await expect(openState({ aws: aws.fetch }, { table: tables.state })).rejects.toThrow('has format 3')
  })
})
