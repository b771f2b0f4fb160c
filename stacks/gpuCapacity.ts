import { clusterName } from './clusterName.ts'
import { config, prefix } from './deployment.ts'
import { outboundOnly, subnets } from './network.ts'
import { namePrefix, serviceRole } from './roles.ts'

type GpuPool = NonNullable<typeof config.aws.gpuProvers>

// Tasks reach the instance's metadata neither through the bridge, by the hop limit, nor where a later version of Docker would route otherwise.
const userData = `#!/bin/bash
cat >> /etc/ecs/ecs.config <<CONFIG
ECS_CLUSTER=${clusterName}
ECS_ENABLE_GPU_SUPPORT=true
ECS_ENABLE_TASK_IAM_ROLE=true
ECS_ENABLE_SPOT_INSTANCE_DRAINING=true
ECS_AWSVPC_BLOCK_IMDS=true
ECS_CONTAINER_STOP_TIMEOUT=120s
ECS_IMAGE_PULL_BEHAVIOR=once
CONFIG
mkdir -p /etc/systemd/system/docker.service.d
cat > /etc/systemd/system/docker.service.d/metadata.conf <<UNIT
[Service]
ExecStartPost=/usr/sbin/iptables --insert DOCKER-USER 1 --destination 169.254.169.254/32 --jump DROP
UNIT
systemctl daemon-reload
`

/** The instances' template: metadata by token and one hop away at most, no way in, an encrypted disk. */
function launchTemplate(pool: GpuPool): aws.ec2.LaunchTemplate {
  // What ECS's agent has to do; AWS keeps the list.
  const instanceRole = serviceRole(
    'GpuInstanceRole',
    'ec2.amazonaws.com',
    [],
    ['arn:aws:iam::aws:policy/service-role/AmazonEC2ContainerServiceforEC2Role'],
  )
  const profile = new aws.iam.InstanceProfile('GpuInstanceProfile', {
    namePrefix: namePrefix('GpuInstance'),
    role: instanceRole.name,
  })

  const ami = aws.ssm.getParameterOutput({
    name: '/aws/service/ecs/optimized-ami/amazon-linux-2023/gpu/recommended/image_id',
  })

  return new aws.ec2.LaunchTemplate('GpuLaunchTemplate', {
    namePrefix: `${prefix}-gpu-`,
    imageId: ami.value,
    updateDefaultVersion: true,
    iamInstanceProfile: { arn: profile.arn },
    metadataOptions: {
      httpEndpoint: 'enabled',
      httpTokens: 'required',
      httpPutResponseHopLimit: 1,
      httpProtocolIpv6: 'disabled',
    },
    networkInterfaces: [
      { associatePublicIpAddress: 'true', securityGroups: [outboundOnly.id], deleteOnTermination: 'true' },
    ],
    blockDeviceMappings: [
      {
        deviceName: '/dev/xvda',
        ebs: { volumeSize: pool.diskGb, volumeType: 'gp3', encrypted: 'true', deleteOnTermination: 'true' },
      },
    ],
    userData: Buffer.from(userData).toString('base64'),
  })
}

/** Instances of one price, from zero, as many as ECS asks for. */
function capacity(
  name: 'Spot' | 'OnDemand',
  onDemandPercentage: number,
  pool: GpuPool,
  template: aws.ec2.LaunchTemplate,
): aws.ecs.CapacityProvider {
  const group = new aws.autoscaling.Group(
    `Gpu${name}Group`,
    {
      namePrefix: namePrefix(`Gpu${name}`),
      minSize: 0,
      maxSize: pool.max,
      vpcZoneIdentifiers: subnets.map(({ id }) => id),
      protectFromScaleIn: true,
      capacityRebalance: false,
      mixedInstancesPolicy: {
        instancesDistribution: {
          onDemandBaseCapacity: 0,
          onDemandPercentageAboveBaseCapacity: onDemandPercentage,
          spotAllocationStrategy: 'price-capacity-optimized',
          onDemandAllocationStrategy: 'prioritized',
        },
        launchTemplate: {
          launchTemplateSpecification: { launchTemplateId: template.id, version: '$Latest' },
          overrides: pool.instanceTypes.map((instanceType) => ({ instanceType })),
        },
      },
      tags: [
        { key: 'AmazonECSManaged', value: 'true', propagateAtLaunch: true },
        { key: 'Name', value: `${prefix}-gpu`, propagateAtLaunch: true },
      ],
    },
    { ignoreChanges: ['desiredCapacity'] },
  )
  return new aws.ecs.CapacityProvider(`Gpu${name}`, {
    name: `${prefix}-gpu-${name === 'Spot' ? 'spot' : 'on-demand'}`,
    autoScalingGroupProvider: {
      autoScalingGroupArn: group.arn,
      managedTerminationProtection: 'ENABLED',
      managedScaling: {
        status: 'ENABLED',
        targetCapacity: 100,
        minimumScalingStepSize: 1,
        maximumScalingStepSize: pool.max,
        instanceWarmupPeriod: 120,
      },
    },
  })
}

function capacities(pool: GpuPool) {
  const template = launchTemplate(pool)
  return {
    spot: capacity('Spot', 0, pool, template),
    onDemand: pool.onDemandFallback ? capacity('OnDemand', 100, pool, template) : null,
  }
}

/** Instances with GPUs, at the spot price and at the full one. */
export const gpuCapacity = config.aws.gpuProvers === null ? null : capacities(config.aws.gpuProvers)
