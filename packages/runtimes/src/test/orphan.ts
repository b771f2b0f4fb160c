import { createRuntimes } from '../createRuntimes.ts'
import { echoModule, proveModule } from './programs.ts'
import { proveJob } from './proveJob.ts'
import { wat } from './wat.ts'

// A parent to be killed: warms a program, starts one that never ends when told `busy`, and prints its children's process ids.

const runtimes = createRuntimes()
await runtimes.warm('halo2', proveJob(await wat(echoModule)))
if (process.argv[2] === 'busy')
  void runtimes
    .get('halo2')
    ?.prove(proveJob(await wat(proveModule({ code: '(loop $l (br $l))' }))), new AbortController().signal)
process.stdout.write(`${JSON.stringify(runtimes.pids)}\n`)
setInterval(() => {}, 60_000)
