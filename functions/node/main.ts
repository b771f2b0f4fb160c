import { keepAlive } from '../shared/keepAlive.ts'
import { untilToldToStop } from '../shared/untilToldToStop.ts'
import { startNode } from './startNode.ts'

// With --check the image only shows that all of it loads.
if (!process.argv.includes('--check')) {
  const told = untilToldToStop()
  const node = await startNode(process.env)
  const stop = keepAlive()
  await told
  await node.close()
  stop()
}
