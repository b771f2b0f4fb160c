import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { startCli } from '../../packages/cli/src/test/runCli.ts'
import { runMain } from '../../packages/cli/src/test/runMain.ts'
import { projectFile } from '../support/projectFile.ts'
import { tempDir } from '../support/tempDir.ts'

it('fails a RISC Zero task with what to do, where the native runtime is not built', { timeout: 120_000 }, async () => {
  const dir = tempDir()
  mkdirSync(join(dir, 'projects'))
  writeFileSync(join(dir, 'projects', '9.json'), projectFile({ vmTypeID: 1 }))
  const node = startCli(['dev', '--port', '0', '--data-dir', join(dir, 'data'), '--projects', join(dir, 'projects')], {
    env: { XDG_CACHE_HOME: dir },
  })
  const started = await node.until((text) => text.includes('(for operators)'))
  expect(started).toMatch(/native .*npm run build:native/)
  const url = /http:\S+/.exec(started)?.[0] ?? ''
  const sent = await runMain(['message', 'send', '9', '{}', '--url', url, '--json'])
  const { messageId } = JSON.parse(sent.stdout)
  const watched = await runMain(['message', 'show', messageId, '--watch', '--url', url])
  expect(watched.stdout).toContain('failed')
  expect(watched.stdout).toContain('This node cannot run risc0')
  expect(watched.stdout).toContain('npm run build:native')
  node.kill('SIGINT')
  expect((await node.ended).code).toBe(0)
})
