// A prover in a process of its own. argv: whether its proofs never end. Says `ready`, and `proving` when one begins.
import type { ProveJob } from '@w3bstream/core'
import { startProver } from '../../../functions/prover/startProver.ts'
import { InstantRuntime } from '../../support/InstantRuntime.ts'

class Announcing extends InstantRuntime {
  override async prove(job: ProveJob) {
    console.log('proving')
    if (process.argv[2] === 'true') await new Promise(() => {})
    return super.prove(job)
  }
}

await startProver(process.env, {
  runtimes: new Map([['halo2', new Announcing()]]),
  leaseMs: 2_000,
  visibilityMs: 2_000,
})
console.log('ready')
