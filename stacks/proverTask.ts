import { consumeFrom, listObjects, readEndpoints, readMessages, sendTo, useObjects, useState } from './access.ts'
import { cluster } from './cluster.ts'
import { task } from './containers.ts'
import { common, endpoints, queueUrls } from './environment.ts'
import { proverKey } from './keys.ts'
import { prove, proveGpu, settle } from './queues.ts'
import type { Statement } from './roles.ts'

/** A prover's task on Fargate, or with a GPU on an instance. */
export function proverTask(
  name: string,
  size: { readonly dockerfile: string; readonly vcpu: number; readonly memoryGb: number; readonly gpu: boolean },
): aws.ecs.TaskDefinition {
  const work = size.gpu && proveGpu !== null ? proveGpu : prove
  return task(name, {
    dockerfile: size.dockerfile,
    cpuUnits: size.vcpu * 1_024,
    memoryMb: size.memoryGb * 1_024,
    gpu: size.gpu,
    environment: {
      ...common,
      ...queueUrls('PROVE', prove),
      ...(size.gpu && proveGpu !== null ? queueUrls('PROVE_GPU', proveGpu) : {}),
      ...queueUrls('SETTLE', settle),
      W3B_KEY_PROVER: proverKey.id,
      ...endpoints,
    },
    statements: [
      readMessages,
      // It runs programs of strangers: of the state, the tasks alone are its to write, and tokens, accounts and leases are nothing that it sees.
      ...useState({ read: ['projects', 'seg#*'], write: ['task#*'] }),
      useObjects,
      listObjects,
      ...consumeFrom(work),
      sendTo(work, settle),
      proverKey.sign,
      readEndpoints,
      protectItself,
    ],
  })
}

/** To ask that a task which proves is not ended when provers are taken away. */
const protectItself: Statement = {
  actions: ['ecs:UpdateTaskProtection'],
  resources: [cluster.arn.apply((arn) => `${arn.replace(':cluster/', ':task/')}/*`)],
}
