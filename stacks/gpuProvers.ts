import { attached } from './capacity.ts'
import { cluster } from './cluster.ts'
import { config } from './deployment.ts'
import { gpuCapacity } from './gpuCapacity.ts'
import { proverTask } from './proverTask.ts'
import { proveGpu } from './queues.ts'
import { scaleWithQueue } from './scaling.ts'

const pool = config.aws.gpuProvers
if (pool === null || proveGpu === null || gpuCapacity === null) throw new Error('This deployment has no GPU provers.')

const definition = proverTask('GpuProver', { ...pool, dockerfile: 'prover/Dockerfile.cuda', gpu: true })

/** ECS never moves a task from one provider to another: each price has a service of its own. */
const service = (name: string, provider: aws.ecs.CapacityProvider) =>
  new aws.ecs.Service(
    name,
    {
      name: name.toLowerCase(),
      cluster: cluster.arn,
      taskDefinition: definition.arn,
      desiredCount: 0,
      capacityProviderStrategies: [{ capacityProvider: provider.name, weight: 1 }],
      deploymentCircuitBreaker: { enable: true, rollback: true },
      deploymentMinimumHealthyPercent: 0,
      deploymentMaximumPercent: 100,
      propagateTags: 'SERVICE',
    },
    { ignoreChanges: ['desiredCount'], dependsOn: [attached] },
  )

const fallback = gpuCapacity.onDemand === null ? null : service('GpuProversOnDemand', gpuCapacity.onDemand)

scaleWithQueue('GpuProvers', {
  queue: proveGpu,
  service: service('GpuProvers', gpuCapacity.spot),
  max: pool.max,
  warmUpS: 420,
  // Past two warm-ups, spot capacity is not to be had.
  ...(fallback === null ? {} : { fallback: { service: fallback, afterS: 900 } }),
})
