import { keepAlive } from '../shared/keepAlive.ts'
import { untilToldToStop } from '../shared/untilToldToStop.ts'
import { startProver } from './startProver.ts'

// With --check the image only shows that all of it loads.
if (!process.argv.includes('--check')) {
  const told = untilToldToStop()
  const prover = await startProver(process.env)
  const stop = keepAlive()
  await told
  await prover.close()
  stop()
}
