import { config, prefix } from './deployment.ts'

const tags = { Name: prefix }

const vpc = new aws.ec2.Vpc('Network', {
  cidrBlock: '10.0.0.0/16',
  enableDnsSupport: true,
  enableDnsHostnames: true,
  tags,
})

const gateway = new aws.ec2.InternetGateway('InternetGateway', { vpcId: vpc.id, tags })

const routes = new aws.ec2.RouteTable('Routes', {
  vpcId: vpc.id,
  routes: [{ cidrBlock: '0.0.0.0/0', gatewayId: gateway.id }],
  tags,
})

const zones = aws.getAvailabilityZonesOutput({ state: 'available' }).names

/** Public, since whatever has no public address would need a NAT gateway to reach a chain. */
export const subnets = [0, 1].map((n) => {
  const subnet = new aws.ec2.Subnet(`Subnet${n}`, {
    vpcId: vpc.id,
    cidrBlock: `10.0.${n * 16}.0/20`,
    availabilityZone: zones.apply((names) => {
      const zone = names[n]
      if (zone === undefined) throw new Error(`Region ${config.aws.region} has no availability zone ${n + 1}.`)
      return zone
    }),
    tags,
  })
  new aws.ec2.RouteTableAssociation(`SubnetRoutes${n}`, { subnetId: subnet.id, routeTableId: routes.id })
  return subnet
})

/** Lets everything out and nothing in. */
export const outboundOnly = new aws.ec2.SecurityGroup('OutboundOnly', {
  vpcId: vpc.id,
  description: 'Outbound only',
  ingress: [],
  egress: [{ protocol: '-1', fromPort: 0, toPort: 0, cidrBlocks: ['0.0.0.0/0'] }],
  tags,
})

// What a network starts with lets its members in: nothing is a member of it, and it lets nobody in.
new aws.ec2.DefaultSecurityGroup('DefaultSecurityGroup', { vpcId: vpc.id, ingress: [], egress: [], tags })

// Traffic to these two costs nothing through a gateway endpoint.
for (const service of ['s3', 'dynamodb'])
  new aws.ec2.VpcEndpoint(`${service === 's3' ? 'S3' : 'DynamoDb'}Endpoint`, {
    vpcId: vpc.id,
    serviceName: `com.amazonaws.${config.aws.region}.${service}`,
    vpcEndpointType: 'Gateway',
    routeTableIds: [routes.id],
    tags,
  })
