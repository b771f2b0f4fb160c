import { attached } from './capacity.ts'
import { cluster } from './cluster.ts'
import { config } from './deployment.ts'
import { outboundOnly, subnets } from './network.ts'
import { proverTask } from './proverTask.ts'
import { prove } from './queues.ts'
import { scaleWithQueue } from './scaling.ts'

const size = config.aws.cpuProvers
if (size === null) throw new Error('This deployment has no CPU provers.')

const definition = proverTask('Prover', { ...size, dockerfile: 'prover/Dockerfile', gpu: false })

/** Provers on Fargate's spot capacity, from zero. */
export const provers = new aws.ecs.Service(
  'Provers',
  {
    name: 'provers',
    cluster: cluster.arn,
    taskDefinition: definition.arn,
    desiredCount: 0,
    capacityProviderStrategies: [{ capacityProvider: 'FARGATE_SPOT', weight: 1 }],
    networkConfiguration: {
      assignPublicIp: true,
      subnets: subnets.map(({ id }) => id),
      securityGroups: [outboundOnly.id],
    },
    deploymentCircuitBreaker: { enable: true, rollback: true },
    deploymentMinimumHealthyPercent: 0,
    deploymentMaximumPercent: 200,
    propagateTags: 'SERVICE',
  },
  { ignoreChanges: ['desiredCount'], dependsOn: [attached] },
)

scaleWithQueue('Provers', { queue: prove, service: provers, max: size.max, warmUpS: 120 })
