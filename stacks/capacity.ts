import { cluster } from './cluster.ts'
import { gpuCapacity } from './gpuCapacity.ts'

/** What the cluster's services may run on; a cluster has one such list. */
export const attached = new aws.ecs.ClusterCapacityProviders('CapacityProviders', {
  clusterName: cluster.name,
  capacityProviders: [
    'FARGATE',
    'FARGATE_SPOT',
    ...(gpuCapacity === null ? [] : [gpuCapacity.spot.name]),
    ...(gpuCapacity === null || gpuCapacity.onDemand === null ? [] : [gpuCapacity.onDemand.name]),
  ],
})
