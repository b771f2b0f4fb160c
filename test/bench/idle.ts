import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Bench } from './Bench.ts'
import type { Figure } from './Figure.ts'
import { processTree } from './processTree.ts'

const CLI = join(import.meta.dirname, '../../packages/cli/bin/w3b.js')
const SETTLE_MS = 30_000
const WATCH_MS = 20_000

/** What `w3b dev` costs while nothing happens: its whole process tree without the local chain. Linux only; no figures elsewhere. */
export async function idle(bench: Bench): Promise<Figure[]> {
  if (process.platform !== 'linux') {
    bench.say('skipped: this reads /proc')
    return []
  }
  const child = spawn(process.execPath, [CLI, 'dev', '--port', '0', '--data-dir', join(bench.dir, 'data')], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  try {
    await Promise.race([
      once(child.stdout, 'data'),
      once(child, 'exit').then(([code]) => {
        throw new Error(`w3b dev ended with ${code}`)
      }),
    ])
    const look = () => processTree(child.pid ?? 0).filter(({ name }) => name !== 'anvil')
    const cpuMs = () => look().reduce((sum, one) => sum + one.cpuMs, 0)
    await sleep(SETTLE_MS)
    const before = cpuMs()
    const started = performance.now()
    await sleep(WATCH_MS)
    const share = (100 * (cpuMs() - before)) / (performance.now() - started)
    const tree = look()
    const megabytes = tree.reduce((sum, one) => sum + one.rssBytes, 0) / 1e6
    bench.say(`${megabytes.toFixed(0)} MB, ${share.toFixed(2)}% of a core, ${tree.map(({ name }) => name).join(' ')}`)
    const beside = { processes: tree.length }
    return [
      { name: 'idle, without anvil: memory', value: megabytes, unit: 'MB', target: { atMost: 250 }, beside },
      { name: 'idle, without anvil: CPU', value: share, unit: '% of a core', target: { atMost: 2 }, beside },
    ]
  } finally {
    const exit = once(child, 'exit')
    child.kill('SIGTERM')
    await exit
  }
}
