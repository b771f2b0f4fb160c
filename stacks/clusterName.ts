import { prefix } from './deployment.ts'

/** The cluster's name, written out since instances have to know it before the cluster knows of them. */
export const clusterName = prefix
