import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { artifacts, project, readings } from '@w3bstream/example-risc0-weather'
import { writeProjectFile } from '@w3bstream/protocol'
import { findNative } from '@w3bstream/runtimes'
import { expect, it } from 'vitest'
import { startCli } from '../../packages/cli/src/test/runCli.ts'
import { runMain } from '../../packages/cli/src/test/runMain.ts'
import { tempDir } from '../support/tempDir.ts'

// A proof of 2^16 cycles takes half a minute of two cores, and others may want them.
it('proves the weather statistics with RISC Zero in w3b dev, and gives the receipt out', {
  timeout: 400_000,
}, async () => {
  const dir = tempDir()
  mkdirSync(join(dir, 'projects'))
  const devices = { unsigned: 'accept', legacyReplay: 'accept' } as const
  const version = { ...project({ amount: 1 }), devices }
  const file = writeProjectFile({ defaultVersion: version.version, versions: [version], unknown: {} })
  writeFileSync(join(dir, 'projects', '9.json'), file)
  const node = startCli(['dev', '--port', '0', '--data-dir', join(dir, 'data'), '--projects', join(dir, 'projects')], {
    env: { W3B_NATIVE: findNative()?.binary ?? 'off' },
  })
  const started = await node.until((text) => text.includes('(for operators)'))
  const url = /http:\S+/.exec(started)?.[0] ?? ''
  const sent = await runMain(['message', 'send', '9', readings()[0] ?? '', '--url', url, '--json'])
  const { messageId } = JSON.parse(sent.stdout)
  const watched = await runMain(['message', 'show', messageId, '--watch', '--url', url])
  expect(watched.stdout).toContain('finalized')
  expect(watched.stdout).toContain('assigned   proving')
  expect(watched.stdout).toContain(`checked by image id ${artifacts().imageId}`)
  const printed = await node.until((text) => text.includes('"taskId"'))
  expect(printed).toContain('"projectId":"9"')
  node.kill('SIGINT')
  expect((await node.ended).code).toBe(0)
})
