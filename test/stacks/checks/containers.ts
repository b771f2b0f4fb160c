import { GPU_INSTANCE_RESERVED_GB, gpuInstances } from '@w3bstream/protocol'
import type { Graph, Resource } from '../synth/synthesise.ts'
import { at, type Check, containersOf, listAt, nameOfArn, numberAt, ofType, textAt } from './graphOf.ts'

/** CPU units of a Fargate task, and the MB that it may have of memory; source: the task definition parameters of Amazon ECS. */
const FARGATE: Readonly<Record<number, readonly number[]>> = {
  256: [512, 1_024, 2_048],
  512: steps(1, 4, 1),
  1024: steps(2, 8, 1),
  2048: steps(4, 16, 1),
  4096: steps(8, 30, 1),
  8192: steps(16, 60, 4),
  16384: steps(32, 120, 8),
}

function steps(from: number, to: number, by: number): readonly number[] {
  const sizes: number[] = []
  for (let gb = from; gb <= to; gb += by) sizes.push(gb * 1_024)
  return sizes
}

/** Containers have legal sizes, write to one folder, have no capability, and do not reach an instance's metadata. */
export const checkContainers: Check = (graph) => {
  const problems: string[] = []
  const tasks = ofType(graph, 'aws:ecs/taskDefinition:TaskDefinition')
  for (const task of tasks) {
    const gpu = JSON.stringify(at(task.inputs, 'requiresCompatibilities')) === '["EC2"]'
    problems.push(...(gpu ? gpuTaskProblems(task, graph) : fargateProblems(task)))
    for (const container of containersOf(task))
      problems.push(...containerProblems(container, gpu).map((problem) => `${task.name} ${problem}`))
  }
  for (const service of ofType(graph, 'aws:ecs/service:Service')) problems.push(...serviceProblems(service, graph))
  for (const wanted of ofType(graph, 'aws:ecr/repository:Repository'))
    if (at(wanted.inputs, 'imageScanningConfiguration', 'scanOnPush') !== true)
      problems.push(`${wanted.name} takes images unseen`)
  return problems
}

function fargateProblems({ name, inputs }: Resource): string[] {
  const memory = FARGATE[numberAt(inputs, 'cpu')]
  return [
    ...(memory?.includes(numberAt(inputs, 'memory')) ? [] : [`${name}: Fargate has no such size`]),
    ...(JSON.stringify(at(inputs, 'requiresCompatibilities')) === '["FARGATE"]' ? [] : [`${name} runs nowhere`]),
    ...(at(inputs, 'networkMode') === 'awsvpc' ? [] : [`${name} has no network of its own`]),
  ]
}

function gpuTaskProblems({ name, inputs }: Resource, graph: Graph): string[] {
  const problems: string[] = []
  // With `host` a container would reach the instance's metadata; with `awsvpc` nothing at all.
  if (at(inputs, 'networkMode') !== 'bridge') problems.push(`${name} is not behind the bridge`)
  for (const group of ofType(graph, 'aws:autoscaling/group:Group'))
    for (const override of listAt(group.inputs, 'mixedInstancesPolicy', 'launchTemplate', 'overrides')) {
      const type = textAt(override, 'instanceType')
      const { vcpu, memoryGb } = gpuInstances[type] ?? { vcpu: 0, memoryGb: 0 }
      const memoryMb = (memoryGb - GPU_INSTANCE_RESERVED_GB) * 1_024
      if (vcpu * 1_024 < numberAt(inputs, 'cpu') || memoryMb < numberAt(inputs, 'memory'))
        problems.push(`${name} does not fit into a ${type}`)
    }
  return problems
}

function containerProblems(container: unknown, gpu: boolean): string[] {
  const gpus = JSON.stringify(at(container, 'resourceRequirements'))
  const wanted: readonly (readonly [string, boolean])[] = [
    ['can write where it should not', at(container, 'readonlyRootFilesystem') === true],
    ['keeps capabilities', JSON.stringify(at(container, 'linuxParameters', 'capabilities')) === '{"drop":["ALL"]}'],
    ['is privileged', at(container, 'privileged') !== true],
    ['takes calls', listAt(container, 'portMappings').length === 0],
    ['has no health check', textAt(container, 'healthCheck', 'command', 1) !== ''],
    ['has no time to give back what it works on', numberAt(container, 'stopTimeout') === 120],
    ['runs an image that may change', /@sha256:[0-9a-f]{64}$/.test(textAt(container, 'image'))],
    ['has no GPU of its own', gpus === (gpu ? '[{"type":"GPU","value":"1"}]' : undefined)],
    ['may gain rights', !gpu || listAt(container, 'dockerSecurityOptions').includes('no-new-privileges')],
    ['has secrets in its definition', listAt(container, 'secrets').length === 0],
  ]
  return wanted.flatMap(([problem, isRight]) => (isRight ? [] : [problem]))
}

function serviceProblems({ name, inputs }: Resource, graph: Graph): string[] {
  const provider = textAt(inputs, 'capacityProviderStrategies', 0, 'capacityProvider')
  const attached = ofType(graph, 'aws:ecs/clusterCapacityProviders:ClusterCapacityProviders').flatMap(({ inputs }) =>
    listAt(inputs, 'capacityProviders'),
  )
  const targets = ofType(graph, 'aws:appautoscaling/target:Target').filter(({ inputs: target }) =>
    textAt(target, 'resourceId').endsWith(`/${textAt(inputs, 'name')}`),
  )
  const scales = name !== 'Node'
  const wanted: readonly (readonly [string, boolean])[] = [
    ['asks for capacity that its cluster does not have', attached.includes(provider)],
    ['has a launch type beside its capacity', at(inputs, 'launchType') === undefined],
    ['can be logged in to', at(inputs, 'enableExecuteCommand') !== true],
    ['does not start from zero', numberAt(inputs, 'desiredCount') === (scales ? 0 : 1)],
    ['does not scale to zero', !scales || (targets.length === 1 && numberAt(targets[0]?.inputs, 'minCapacity') === 0)],
    ['has no bound', !scales || numberAt(targets[0]?.inputs, 'maxCapacity') >= 1],
    ['is replaced before its successor runs', scales || numberAt(inputs, 'deploymentMinimumHealthyPercent') === 100],
    ['runs on something that may be taken away', scales || provider === 'FARGATE'],
  ]
  return wanted.flatMap(([problem, isRight]) => (isRight ? [] : [`${name} ${problem}`]))
}

/** Instances with GPUs: from none, spot first with a fallback, closed, their metadata out of containers' reach. */
export const checkGpu: Check = (graph) => {
  const problems: string[] = []
  const groups = ofType(graph, 'aws:autoscaling/group:Group')
  const templates = ofType(graph, 'aws:ec2/launchTemplate:LaunchTemplate')
  const providers = ofType(graph, 'aws:ecs/capacityProvider:CapacityProvider')
  const hasQueue = ofType(graph, 'aws:sqs/queue:Queue').some(({ name }) => name === 'ProveGpuQueue')
  if (!hasQueue) return groups.map(({ name }) => `${name} has no queue`)
  for (const { name, inputs } of groups) {
    if (numberAt(inputs, 'minSize') !== 0) problems.push(`${name} does not go to zero`)
    if (!(numberAt(inputs, 'maxSize') >= 1)) problems.push(`${name} has no room`)
    if (at(inputs, 'protectFromScaleIn') !== true) problems.push(`${name} takes instances away that work`)
  }
  const onDemand = groups.map(({ inputs }) =>
    numberAt(inputs, 'mixedInstancesPolicy', 'instancesDistribution', 'onDemandPercentageAboveBaseCapacity'),
  )
  if (!onDemand.includes(0)) problems.push('no GPU is taken at the spot price')
  if (!onDemand.includes(100)) problems.push('where spot capacity is not to be had, nothing takes its place')
  for (const { name, inputs } of providers) {
    const scaling = at(inputs, 'autoScalingGroupProvider', 'managedScaling')
    if (at(scaling, 'status') !== 'ENABLED') problems.push(`${name} starts no instance`)
    const group = nameOfArn(textAt(inputs, 'autoScalingGroupProvider', 'autoScalingGroupArn'))
    if (!groups.some((one) => one.name === group)) problems.push(`${name} has no group`)
  }
  if (providers.length !== groups.length) problems.push('a group of instances is no capacity of the cluster')
  for (const { name, inputs } of templates) {
    const metadata = at(inputs, 'metadataOptions')
    if (at(metadata, 'httpTokens') !== 'required') problems.push(`${name} gives metadata without a token`)
    if (numberAt(metadata, 'httpPutResponseHopLimit') !== 1) problems.push(`${name} gives metadata to containers`)
    const script = Buffer.from(textAt(inputs, 'userData'), 'base64').toString()
    for (const line of [
      'ECS_ENABLE_GPU_SUPPORT=true',
      'ECS_ENABLE_SPOT_INSTANCE_DRAINING=true',
      'ECS_AWSVPC_BLOCK_IMDS=true',
    ])
      if (!script.includes(line)) problems.push(`${name} lacks ${line}`)
    if (!script.includes('169.254.169.254/32 --jump DROP')) problems.push(`${name} lets containers ask for metadata`)
    const cluster = /ECS_CLUSTER=(\S+)/.exec(script)?.[1]
    if (!ofType(graph, 'aws:ecs/cluster:Cluster').some((one) => textAt(one.inputs, 'name') === cluster))
      problems.push(`${name} joins no cluster`)
    if (at(inputs, 'blockDeviceMappings', 0, 'ebs', 'encrypted') !== 'true') problems.push(`${name} has an open disk`)
  }
  const tasks = ofType(graph, 'aws:ecs/taskDefinition:TaskDefinition').filter((task) =>
    containersOf(task).some((one) => listAt(one, 'resourceRequirements').length > 0),
  )
  if (templates.length === 0 || tasks.length === 0) problems.push('there is a queue for GPUs and no GPU')
  return problems
}
