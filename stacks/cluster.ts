import { clusterName } from './clusterName.ts'

/** Where containers run: on Fargate, and on instances with GPUs. */
export const cluster = new aws.ecs.Cluster('Cluster', {
  name: clusterName,
  settings: [{ name: 'containerInsights', value: 'disabled' }],
})
