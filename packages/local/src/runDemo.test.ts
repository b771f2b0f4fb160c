import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'

const SCRIPT = join(import.meta.dirname, '../../../scripts/start.mjs')

function tempDir(): string {
  const dir = mkdtempSync(join(tmpdir(), 'w3b-start-'))
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }))
  return dir
}

/** `npm start` less npm, in a process group of its own as a terminal makes one. */
function start(args: readonly string[], onLine: (line: string, group: number) => void = () => {}) {
  const child = spawn(process.execPath, [SCRIPT, '--port', '0', ...args], { detached: true, stdio: 'pipe' })
  let stderr = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
    for (const line of text.split('\n')) onLine(line, child.pid ?? 0)
  })
  return new Promise<{ code: number | null; stderr: string }>((resolve) =>
    child.on('close', (code) => resolve({ code, stderr })),
  )
}

describe('npm start', { timeout: 90_000 }, () => {
  it('closes what it opened when Ctrl-C reaches its whole process group', async () => {
    const dataDir = join(tempDir(), 'data')
    let stopped = false
    const { code, stderr } = await start(['--data-dir', dataDir], (line, group) => {
      if (stopped || !line.includes('until Ctrl-C')) return
      stopped = true
      process.kill(-group, 'SIGINT')
    })
    expect(code).toBe(0)
    expect(stderr).toContain('finishing what is in hand')
    // Both are there while a node runs.
    expect(existsSync(join(dataDir, 'anvil.json'))).toBe(false)
    expect(existsSync(join(dataDir, 'anvil-state.json'))).toBe(true)
  })

  it('stops early where Ctrl-C comes before the first receipt', async () => {
    const dataDir = join(tempDir(), 'data')
    let stopped = false
    const { code } = await start(['--data-dir', dataDir], (line, group) => {
      if (stopped || !line.includes('serving http')) return
      stopped = true
      process.kill(-group, 'SIGINT')
    })
    expect(code).toBe(130)
    expect(existsSync(join(dataDir, 'anvil.json'))).toBe(false)
  })

  it('says in one line, without its usage, that the data directory cannot be used', async () => {
    const { code, stderr } = await start(['--data-dir', '/dev/null/data'])
    expect(code).toBe(1)
    expect(stderr.trim().split('\n')).toHaveLength(1)
    expect(stderr).toContain('The data directory /dev/null/data cannot be used')
  })

  it.each([[['--port', '70000']], [['--nonsense']], [['positional']]])('takes %j for wrong usage', async (args) => {
    const { code, stderr } = await start(args)
    expect(code).toBe(2)
    expect(stderr).toContain('Usage: npm start')
  })
})
