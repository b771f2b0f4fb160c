import { findTasks, listObjects, readEndpoints, readMessages, sendTo, useObjects, useState } from './access.ts'
import { attached } from './capacity.ts'
import { cluster } from './cluster.ts'
import { task } from './containers.ts'
import { config } from './deployment.ts'
import { common, endpoints, queueUrls } from './environment.ts'
import { settlerKey } from './keys.ts'
import { outboundOnly, subnets } from './network.ts'
import { settle } from './queues.ts'

const size = config.aws.node
if (size === null) throw new Error('This deployment has no node.')

const definition = task('Node', {
  dockerfile: 'node/Dockerfile',
  cpuUnits: size.vcpu * 1_024,
  memoryMb: size.memoryGb * 1_024,
  environment: { ...common, ...queueUrls('SETTLE', settle), W3B_KEY_SETTLER: settlerKey.id, ...endpoints },
  statements: [
    readMessages,
    ...useState({ read: ['seg#*'], write: ['meta', 'task#*', 'nonces#*', 'spends#*', 'projects', 'cursors', 'lease'] }),
    findTasks,
    useObjects,
    listObjects,
    sendTo(settle),
    settlerKey.sign,
    readEndpoints,
  ],
})

/** Listens to the chains. Two may run while one is replaced: a lease says which of them leads. */
export const node = new aws.ecs.Service(
  'Node',
  {
    name: 'node',
    cluster: cluster.arn,
    taskDefinition: definition.arn,
    desiredCount: 1,
    capacityProviderStrategies: [{ capacityProvider: 'FARGATE', weight: 1 }],
    networkConfiguration: {
      assignPublicIp: true,
      subnets: subnets.map(({ id }) => id),
      securityGroups: [outboundOnly.id],
    },
    deploymentCircuitBreaker: { enable: true, rollback: true },
    deploymentMinimumHealthyPercent: 100,
    deploymentMaximumPercent: 200,
    propagateTags: 'SERVICE',
  },
  { dependsOn: [attached] },
)
