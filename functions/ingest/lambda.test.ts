import { execFile } from 'node:child_process'
import { rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { type TestDeployment, testAws } from '@w3bstream/store-aws/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bundle } from '../build.mjs'
import { awsRoad } from '../testing/awsRoad.ts'
import { eventOf } from '../testing/functionUrl.ts'
import { ingestVariables, ORIGIN_SECRET, TEST_DOMAIN } from '../testing/ingestVariables.ts'
import { ORIGIN_SECRET_HEADER } from './originOf.ts'

const run = promisify(execFile)
/** Stands in for the platform's runtime. */
const RUNTIME = join(import.meta.dirname, '../../test/bench/coldStart.child.mjs')

describe('the deployed bundle in a process of its own', () => {
  const aws = testAws()
  let deployment: TestDeployment
  let file: string
  const events = join(tmpdir(), `w3b-events-${process.pid}.json`)

  beforeAll(async () => {
    file = (await bundle('ingest')).file
    deployment = await aws.make()
    const road = await awsRoad(aws, deployment, TEST_DOMAIN)
    await road.project(1n, [{ version: '0.1' }])
    await road.stop()
  })

  afterAll(() => rm(events, { force: true }))

  it('streams answers where the platform can', async () => {
    const request = () =>
      new Request('https://x.example/v1/messages', { method: 'POST', body: '{"projectId":"1","data":"x"}' })
    const headers = { [ORIGIN_SECRET_HEADER]: ORIGIN_SECRET }
    await writeFile(events, JSON.stringify([await eventOf(request(), headers), await eventOf(request())]))
    const { stdout } = await run(process.execPath, [RUNTIME, file, events], { env: ingestVariables(deployment) })
    const { answers } = JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '')
    expect(answers).toMatchObject([
      { status: 200, body: expect.stringContaining('messageId') },
      { status: 403, body: expect.stringContaining('WRONG_ORIGIN') },
    ])
  })

  it('answers in one piece elsewhere', async () => {
    const event = await eventOf(new Request('https://x.example/live'), { [ORIGIN_SECRET_HEADER]: ORIGIN_SECRET })
    const script = `import { handler } from ${JSON.stringify(file)}
console.log(JSON.stringify(await handler(${JSON.stringify(event)}))); process.exit(0)`
    const { stdout } = await run(process.execPath, ['--input-type=module', '-e', script], {
      env: ingestVariables(deployment),
    })
    expect(JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '')).toMatchObject({
      statusCode: 200,
      body: '{"status":"up"}',
      isBase64Encoded: false,
    })
  })

  it('does not load without its settings, and names them all', async () => {
    const started = run(process.execPath, [file], { env: { W3B_STAGE: 'test' } })
    await expect(started).rejects.toMatchObject({
      stderr: expect.stringMatching(
        /W3B_TABLE_MESSAGES is missing.*W3B_ORIGIN_SECRETS is missing.*W3B_CONFIG is missing/,
      ),
    })
  })
})
