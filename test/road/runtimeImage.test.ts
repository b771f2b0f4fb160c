import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { startCli } from '../../packages/cli/src/test/runCli.ts'
import { runMain } from '../../packages/cli/src/test/runMain.ts'
import { protocols } from '../../packages/runtimes/src/grpc/protocols.ts'
import { answer, startGrpcServer } from '../../packages/runtimes/src/test/startGrpcServer.ts'
import { projectFile } from '../support/projectFile.ts'
import { tempDir } from '../support/tempDir.ts'

it('proves with a runtime image of the older protocol that w3b dev is told by one option', {
  timeout: 120_000,
}, async () => {
  const seen: unknown[] = []
  await using image = await startGrpcServer([
    answer(protocols.vmRuntime.create, () => ({})),
    answer(protocols.vmRuntime.execute, ({ datas }) => {
      seen.push(datas)
      return { result: Buffer.from('0xc0ffee') }
    }),
  ])
  const dir = tempDir()
  mkdirSync(join(dir, 'projects'))
  writeFileSync(join(dir, 'projects', '9.json'), projectFile({ vmTypeID: 3 }))
  const node = startCli(
    [
      'dev',
      '--port',
      '0',
      '--data-dir',
      join(dir, 'data'),
      '--projects',
      join(dir, 'projects'),
      '--runtime',
      `zkwasm=${image.address}`,
    ],
    { env: { W3B_NATIVE: 'off' } },
  )
  const started = await node.until((text) => text.includes('(for operators)'))
  expect(started).toMatch(/native +W3B_NATIVE switches it off/)
  expect(started).toContain(`zkwasm at ${image.address}`)
  const url = /http:\S+/.exec(started)?.[0] ?? ''
  const sent = await runMain(['message', 'send', '9', '{"private_input":[1]}', '--url', url, '--json'])
  const { messageId } = JSON.parse(sent.stdout)
  const watched = await runMain(['message', 'show', messageId, '--watch', '--url', url])
  expect(watched.stdout).toContain('finalized')
  expect(seen).toEqual([['{"private_input":[1]}']])
  const printed = await node.until((text) => text.includes('"taskId"'))
  expect(printed).toContain('c0ffee')
  node.kill('SIGINT')
  expect((await node.ended).code).toBe(0)
})
