import { at, type Check, listAt, ofType, textAt } from './graphOf.ts'

/** What costs while idle, or lets somebody in. */
const UNWANTED = [
  'aws:ec2/natGateway:NatGateway',
  'aws:ec2/eip:Eip',
  'aws:ec2/instance:Instance',
  'aws:lb/loadBalancer:LoadBalancer',
  'aws:servicediscovery/privateDnsNamespace:PrivateDnsNamespace',
  'aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule',
]

/** Nothing comes in, nothing is paid for on the way out, and every task and instance is behind the group that lets nobody in. */
export const checkNetwork: Check = (graph) => {
  const problems: string[] = UNWANTED.flatMap((type) => ofType(graph, type).map(({ name }) => `${name} should not be`))
  for (const type of ['aws:ec2/securityGroup:SecurityGroup', 'aws:ec2/defaultSecurityGroup:DefaultSecurityGroup'])
    for (const { name, inputs } of ofType(graph, type)) {
      if (listAt(inputs, 'ingress').length > 0) problems.push(`${name} lets somebody in`)
      // Without a list, AWS would keep the rules that a network starts with.
      if (at(inputs, 'ingress') === undefined) problems.push(`${name} does not say that it lets nobody in`)
    }
  for (const { name, inputs } of ofType(graph, 'aws:ec2/securityGroupRule:SecurityGroupRule'))
    if (at(inputs, 'type') === 'ingress') problems.push(`${name} lets somebody in`)
  const endpoints = ofType(graph, 'aws:ec2/vpcEndpoint:VpcEndpoint')
  for (const { name, inputs } of endpoints) {
    if (at(inputs, 'vpcEndpointType') !== 'Gateway') problems.push(`${name} costs by the hour`)
    if (listAt(inputs, 'routeTableIds').length === 0) problems.push(`${name} is on no route`)
  }
  if (ofType(graph, 'aws:ec2/vpc:Vpc').length > 0)
    for (const service of ['s3', 'dynamodb'])
      if (!endpoints.some(({ inputs }) => textAt(inputs, 'serviceName').endsWith(`.${service}`)))
        problems.push(`traffic to ${service} is paid for`)
  const groups = new Set(ofType(graph, 'aws:ec2/securityGroup:SecurityGroup').map(({ name }) => `${name}-id`))
  const open = (name: string, ids: readonly unknown[]) =>
    ids.length > 0 && ids.every((id) => groups.has(String(id))) ? [] : [`${name} is behind another group`]
  for (const { name, inputs } of ofType(graph, 'aws:ecs/service:Service')) {
    const network = at(inputs, 'networkConfiguration')
    if (network !== undefined) problems.push(...open(name, listAt(network, 'securityGroups')))
    if (network !== undefined && at(network, 'assignPublicIp') !== true) problems.push(`${name} reaches nothing`)
  }
  for (const { name, inputs } of ofType(graph, 'aws:ec2/launchTemplate:LaunchTemplate'))
    problems.push(...open(name, listAt(inputs, 'networkInterfaces', 0, 'securityGroups')))
  return problems
}
