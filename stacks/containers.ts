import { config, prefix, production } from './deployment.ts'
import type { Environment } from './environment.ts'
import { type Statement, serviceRole } from './roles.ts'

/** Builds a Dockerfile under `functions/` over the whole checkout and pushes it to a repository of its own. */
export function image(
  name: string,
  dockerfile: string,
): { readonly uri: $util.Output<string>; readonly repository: aws.ecr.Repository } {
  const repository = new aws.ecr.Repository(`${name}Repository`, {
    name: `${prefix}/${name.toLowerCase()}`,
    forceDelete: !production,
    imageScanningConfiguration: { scanOnPush: true },
    encryptionConfigurations: [{ encryptionType: 'AES256' }],
  })
  new aws.ecr.LifecyclePolicy(`${name}Images`, {
    repository: repository.name,
    policy: JSON.stringify({
      rules: [
        {
          rulePriority: 1,
          description: 'the last images, to roll back to',
          selection: { tagStatus: 'any', countType: 'imageCountMoreThan', countNumber: production ? 10 : 2 },
          action: { type: 'expire' },
        },
      ],
    }),
  })
  const token = aws.ecr.getAuthorizationTokenOutput({ registryId: repository.registryId })
  const built = new dockerbuild.Image(`${name}Image`, {
    context: { location: $cli.paths.root },
    dockerfile: { location: `${$cli.paths.root}/functions/${dockerfile}` },
    platforms: ['linux/amd64'],
    tags: [$interpolate`${repository.repositoryUrl}:latest`],
    registries: [{ address: token.proxyEndpoint, username: token.userName, password: $util.secret(token.password) }],
    push: true,
  })
  return { uri: $interpolate`${repository.repositoryUrl}@${built.digest}`, repository }
}

/** What runs in a container. */
export interface TaskArgs {
  readonly dockerfile: string
  readonly cpuUnits: number
  readonly memoryMb: number
  readonly environment: Environment
  readonly statements: readonly Statement[]
  /** A GPU of its own, on an instance; otherwise Fargate. */
  readonly gpu?: boolean
}

/** A task: its image, its log group, a role for what it does and one that only starts it. */
export function task(name: string, args: TaskArgs): aws.ecs.TaskDefinition {
  const { uri, repository } = image(name, args.dockerfile)
  const logGroup = new aws.cloudwatch.LogGroup(`${name}Logs`, {
    name: `/w3bstream/${prefix}/${name.toLowerCase()}`,
    retentionInDays: config.aws.logDays,
  })
  const taskRole = serviceRole(`${name}TaskRole`, 'ecs-tasks.amazonaws.com', args.statements)
  const startRole = serviceRole(`${name}StartRole`, 'ecs-tasks.amazonaws.com', [
    // A token is not given for one repository.
    { actions: ['ecr:GetAuthorizationToken'], resources: ['*'] },
    {
      actions: ['ecr:BatchCheckLayerAvailability', 'ecr:GetDownloadUrlForLayer', 'ecr:BatchGetImage'],
      resources: [repository.arn],
    },
    { actions: ['logs:CreateLogStream', 'logs:PutLogEvents'], resources: [$interpolate`${logGroup.arn}:*`] },
  ])
  const gpu = args.gpu === true
  return new aws.ecs.TaskDefinition(`${name}Task`, {
    family: `${prefix}-${name.toLowerCase()}`,
    cpu: `${args.cpuUnits}`,
    memory: `${args.memoryMb}`,
    requiresCompatibilities: [gpu ? 'EC2' : 'FARGATE'],
    // On an instance, `awsvpc` would give a task an interface without a public address, and `host` would give it the instance's metadata: from behind the
    // bridge, an answer of the metadata service is one hop too far away.
    networkMode: gpu ? 'bridge' : 'awsvpc',
    ...(gpu ? {} : { runtimePlatform: { cpuArchitecture: 'X86_64', operatingSystemFamily: 'LINUX' } }),
    // All that a container can write to.
    volumes: [{ name: 'tmp' }],
    taskRoleArn: taskRole.arn,
    executionRoleArn: startRole.arn,
    containerDefinitions: $jsonStringify([
      {
        name: name.toLowerCase(),
        image: uri,
        essential: true,
        // Time to give back what is being worked on; the most that there is.
        stopTimeout: 120,
        environment: Object.entries({ ...args.environment, AWS_REGION: config.aws.region }).map(([key, value]) => ({
          name: key,
          value,
        })),
        readonlyRootFilesystem: true,
        mountPoints: [{ sourceVolume: 'tmp', containerPath: '/tmp' }],
        linuxParameters: { capabilities: { drop: ['ALL'] } },
        ...(gpu ? { dockerSecurityOptions: ['no-new-privileges'] } : {}),
        // ECS does not read what an image says of its health.
        healthCheck: {
          command: ['CMD-SHELL', 'test -n "$(find /tmp/w3b-alive -mmin -2)"'],
          interval: 30,
          timeout: 5,
          startPeriod: 60,
          retries: 3,
        },
        ...(gpu ? { resourceRequirements: [{ type: 'GPU', value: '1' }] } : {}),
        logConfiguration: {
          logDriver: 'awslogs',
          options: {
            'awslogs-group': logGroup.name,
            'awslogs-region': config.aws.region,
            'awslogs-stream-prefix': name.toLowerCase(),
            mode: 'non-blocking',
            'max-buffer-size': '4m',
          },
        },
      },
    ]),
  })
}
