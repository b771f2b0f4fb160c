import { join } from 'node:path'
import { type LocalNode, type LocalOptions, startLocal } from '@w3bstream/local'
import { onTestFinished } from 'vitest'
import { InstantRuntime } from '../../support/InstantRuntime.ts'
import { tempDir } from '../../support/tempDir.ts'

/** A node of a test's own, with a chain of its own unless `rpc` names one; its runtime returns at once unless `runtimes` says otherwise. */
export async function startNode(options: Partial<LocalOptions> = {}): Promise<LocalNode> {
  const node = await startLocal({
    port: 0,
    dataDir: join(tempDir(), 'data'),
    logLevel: 'silent',
    runtimes: new Map([['halo2', new InstantRuntime()]]),
    ...options,
  })
  onTestFinished(() => node.close())
  return node
}
