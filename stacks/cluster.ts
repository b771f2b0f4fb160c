import { prefix } from './deployment.ts'

/** The name is written out, since instances have to know it before the cluster knows of them. */
export const clusterName = prefix

/** Where containers run: on Fargate, and on instances with GPUs. */
export const cluster = new aws.ecs.Cluster('Cluster', {
  name: clusterName,
  settings: [{ name: 'containerInsights', value: 'disabled' }],
})
