import shipped from './shipped.ts'

/** `w3b.config.ts` with a pool of GPUs. */
export default (stage: string): ReturnType<typeof shipped> => {
  const { aws, ...rest } = shipped(stage)
  const gpuProvers = {
    instanceTypes: ['g6.xlarge', 'g5.xlarge'],
    max: 2,
    onDemandFallback: true,
    vcpu: 3,
    memoryGb: 13,
    diskGb: 100,
  }
  return { ...rest, aws: { ...aws, gpuProvers } }
}
