import { textAt } from './checks/graphOf.ts'
import type { Resource } from './synth/synthesise.ts'

/** What a provider calls to create, read, change and delete a resource, and the ARN that it does so on. Source: the Service Authorization Reference. */
export interface Deployed {
  readonly actions: readonly string[]
  readonly arn: (resource: Resource) => string
}

const ACCOUNT = '123456789012'
const REGION = 'eu-west-1'
const nameOf = ({ inputs }: Resource) =>
  textAt(inputs, 'name') || textAt(inputs, 'namePrefix') || textAt(inputs, 'bucket')
const named =
  (service: string, before: string, region = REGION) =>
  (resource: Resource) =>
    `arn:aws:${service}:${region}:${ACCOUNT}:${before}${nameOf(resource)}`
const drawn =
  (service: string, what: string, region = REGION) =>
  () =>
    `arn:aws:${service}:${region}:${ACCOUNT}:${what}/0123abcd`
const everything = () => '*'
const bucket = (resource: Resource) => `arn:aws:s3:::${textAt(resource.inputs, 'bucket')}`
const calls = (service: string, ...names: readonly string[]) => names.map((name) => `${service}:${name}`)

const queue = (resource: Resource) => {
  const url = textAt(resource.inputs, 'queueUrl')
  return `arn:aws:sqs:${REGION}:${ACCOUNT}:${url === '' ? nameOf(resource) : url.split('/').at(-1)}`
}

/** By type; a type that providers other than AWS create, or that only joins others, has no actions of its own. */
export const DEPLOYED: Readonly<Record<string, Deployed | null>> = {
  'aws:acm/certificate:Certificate': {
    actions: calls(
      'acm',
      'RequestCertificate',
      'DescribeCertificate',
      'DeleteCertificate',
      'ListTagsForCertificate',
      'AddTagsToCertificate',
    ),
    arn: everything,
  },
  'aws:acm/certificateValidation:CertificateValidation': {
    actions: calls('acm', 'DescribeCertificate'),
    arn: everything,
  },
  'aws:appautoscaling/policy:Policy': {
    actions: calls('application-autoscaling', 'PutScalingPolicy', 'DescribeScalingPolicies', 'DeleteScalingPolicy'),
    arn: everything,
  },
  'aws:appautoscaling/target:Target': {
    actions: calls(
      'application-autoscaling',
      'RegisterScalableTarget',
      'DescribeScalableTargets',
      'DeregisterScalableTarget',
      'ListTagsForResource',
      'TagResource',
    ),
    arn: everything,
  },
  'aws:autoscaling/group:Group': {
    actions: [
      ...calls(
        'autoscaling',
        'CreateAutoScalingGroup',
        'DescribeAutoScalingGroups',
        'UpdateAutoScalingGroup',
        'DeleteAutoScalingGroup',
        'DescribeScalingActivities',
        'SetInstanceProtection',
        'CreateOrUpdateTags',
        'DeleteTags',
      ),
      ...calls('ec2', 'RunInstances', 'CreateTags', 'DescribeLaunchTemplateVersions'),
    ],
    arn: everything,
  },
  'aws:cloudfront/cachePolicy:CachePolicy': {
    actions: calls('cloudfront', 'CreateCachePolicy', 'GetCachePolicy', 'UpdateCachePolicy', 'DeleteCachePolicy'),
    arn: drawn('cloudfront', 'cache-policy', ''),
  },
  'aws:cloudfront/distribution:Distribution': {
    actions: calls(
      'cloudfront',
      'CreateDistribution',
      'GetDistribution',
      'UpdateDistribution',
      'DeleteDistribution',
      'TagResource',
      'ListTagsForResource',
    ),
    arn: drawn('cloudfront', 'distribution', ''),
  },
  'aws:cloudfront/originRequestPolicy:OriginRequestPolicy': {
    actions: calls(
      'cloudfront',
      'CreateOriginRequestPolicy',
      'GetOriginRequestPolicy',
      'UpdateOriginRequestPolicy',
      'DeleteOriginRequestPolicy',
    ),
    arn: drawn('cloudfront', 'origin-request-policy', ''),
  },
  'aws:cloudwatch/dashboard:Dashboard': {
    actions: calls('cloudwatch', 'PutDashboard', 'GetDashboard', 'DeleteDashboards'),
    arn: ({ inputs }) => `arn:aws:cloudwatch::${ACCOUNT}:dashboard/${textAt(inputs, 'dashboardName')}`,
  },
  'aws:cloudwatch/eventRule:EventRule': {
    actions: calls('events', 'PutRule', 'DescribeRule', 'DeleteRule', 'ListTagsForResource', 'TagResource'),
    arn: named('events', 'rule/'),
  },
  'aws:cloudwatch/eventTarget:EventTarget': {
    actions: calls('events', 'PutTargets', 'ListTargetsByRule', 'RemoveTargets'),
    arn: ({ inputs }) => `arn:aws:events:${REGION}:${ACCOUNT}:rule/${textAt(inputs, 'rule')}`,
  },
  'aws:cloudwatch/logGroup:LogGroup': {
    actions: calls(
      'logs',
      'CreateLogGroup',
      'PutRetentionPolicy',
      'DeleteLogGroup',
      'ListTagsForResource',
      'TagResource',
    ),
    arn: named('logs', 'log-group:'),
  },
  'aws:cloudwatch/metricAlarm:MetricAlarm': {
    actions: calls(
      'cloudwatch',
      'PutMetricAlarm',
      'DescribeAlarms',
      'DeleteAlarms',
      'ListTagsForResource',
      'TagResource',
    ),
    arn: named('cloudwatch', 'alarm:'),
  },
  'aws:dynamodb/table:Table': {
    actions: calls(
      'dynamodb',
      'CreateTable',
      'DescribeTable',
      'UpdateTable',
      'DeleteTable',
      'UpdateContinuousBackups',
      'DescribeContinuousBackups',
      'UpdateTimeToLive',
      'DescribeTimeToLive',
      'ListTagsOfResource',
      'TagResource',
    ),
    arn: named('dynamodb', 'table/'),
  },
  'aws:ec2/defaultSecurityGroup:DefaultSecurityGroup': {
    actions: calls(
      'ec2',
      'DescribeSecurityGroups',
      'RevokeSecurityGroupIngress',
      'RevokeSecurityGroupEgress',
      'CreateTags',
    ),
    arn: everything,
  },
  'aws:ec2/internetGateway:InternetGateway': {
    actions: calls(
      'ec2',
      'CreateInternetGateway',
      'AttachInternetGateway',
      'DescribeInternetGateways',
      'DetachInternetGateway',
      'DeleteInternetGateway',
      'CreateTags',
    ),
    arn: everything,
  },
  'aws:ec2/launchTemplate:LaunchTemplate': {
    actions: calls(
      'ec2',
      'CreateLaunchTemplate',
      'CreateLaunchTemplateVersion',
      'ModifyLaunchTemplate',
      'DescribeLaunchTemplates',
      'DescribeLaunchTemplateVersions',
      'DeleteLaunchTemplate',
    ),
    arn: everything,
  },
  'aws:ec2/routeTable:RouteTable': {
    actions: calls('ec2', 'CreateRouteTable', 'CreateRoute', 'DescribeRouteTables', 'DeleteRoute', 'DeleteRouteTable'),
    arn: everything,
  },
  'aws:ec2/routeTableAssociation:RouteTableAssociation': {
    actions: calls('ec2', 'AssociateRouteTable', 'DescribeRouteTables', 'DisassociateRouteTable'),
    arn: everything,
  },
  'aws:ec2/securityGroup:SecurityGroup': {
    actions: calls(
      'ec2',
      'CreateSecurityGroup',
      'AuthorizeSecurityGroupEgress',
      'RevokeSecurityGroupEgress',
      'DescribeSecurityGroups',
      'DescribeNetworkInterfaces',
      'DeleteSecurityGroup',
    ),
    arn: everything,
  },
  'aws:ec2/subnet:Subnet': {
    actions: calls(
      'ec2',
      'CreateSubnet',
      'DescribeSubnets',
      'ModifySubnetAttribute',
      'DeleteSubnet',
      'DescribeAvailabilityZones',
    ),
    arn: everything,
  },
  'aws:ec2/vpc:Vpc': {
    actions: calls(
      'ec2',
      'CreateVpc',
      'ModifyVpcAttribute',
      'DescribeVpcs',
      'DescribeVpcAttribute',
      'DescribeNetworkAcls',
      'DeleteVpc',
    ),
    arn: everything,
  },
  'aws:ec2/vpcEndpoint:VpcEndpoint': {
    actions: calls(
      'ec2',
      'CreateVpcEndpoint',
      'DescribeVpcEndpoints',
      'DescribePrefixLists',
      'ModifyVpcEndpoint',
      'DeleteVpcEndpoints',
    ),
    arn: everything,
  },
  'aws:ecr/lifecyclePolicy:LifecyclePolicy': {
    actions: calls('ecr', 'PutLifecyclePolicy', 'GetLifecyclePolicy', 'DeleteLifecyclePolicy'),
    arn: ({ inputs }) => `arn:aws:ecr:${REGION}:${ACCOUNT}:repository/${textAt(inputs, 'repository')}`,
  },
  'aws:ecr/repository:Repository': {
    actions: calls(
      'ecr',
      'CreateRepository',
      'DescribeRepositories',
      'PutImageScanningConfiguration',
      'DeleteRepository',
      'ListTagsForResource',
      'TagResource',
    ),
    arn: named('ecr', 'repository/'),
  },
  'aws:ecs/capacityProvider:CapacityProvider': {
    actions: calls(
      'ecs',
      'CreateCapacityProvider',
      'DescribeCapacityProviders',
      'UpdateCapacityProvider',
      'DeleteCapacityProvider',
      'TagResource',
    ),
    arn: named('ecs', 'capacity-provider/'),
  },
  'aws:ecs/cluster:Cluster': {
    actions: calls('ecs', 'CreateCluster', 'DescribeClusters', 'UpdateCluster', 'DeleteCluster', 'TagResource'),
    arn: named('ecs', 'cluster/'),
  },
  'aws:ecs/clusterCapacityProviders:ClusterCapacityProviders': {
    actions: calls('ecs', 'PutClusterCapacityProviders', 'DescribeClusters'),
    arn: ({ inputs }) => `arn:aws:ecs:${REGION}:${ACCOUNT}:cluster/${textAt(inputs, 'clusterName')}`,
  },
  'aws:ecs/service:Service': {
    actions: calls('ecs', 'CreateService', 'DescribeServices', 'UpdateService', 'DeleteService', 'TagResource'),
    arn: (resource) =>
      `arn:aws:ecs:${REGION}:${ACCOUNT}:service/${textAt(resource.inputs, 'cluster').split('/').at(-1)}/${nameOf(resource)}`,
  },
  'aws:ecs/taskDefinition:TaskDefinition': {
    actions: calls('ecs', 'RegisterTaskDefinition', 'DescribeTaskDefinition', 'DeregisterTaskDefinition'),
    arn: everything,
  },
  'aws:iam/accessKey:AccessKey': {
    actions: calls('iam', 'CreateAccessKey', 'ListAccessKeys', 'DeleteAccessKey'),
    arn: ({ inputs }) => `arn:aws:iam::${ACCOUNT}:user/${textAt(inputs, 'user')}`,
  },
  'aws:iam/instanceProfile:InstanceProfile': {
    actions: calls(
      'iam',
      'CreateInstanceProfile',
      'AddRoleToInstanceProfile',
      'GetInstanceProfile',
      'RemoveRoleFromInstanceProfile',
      'DeleteInstanceProfile',
      'TagInstanceProfile',
    ),
    arn: named('iam', 'instance-profile/', ''),
  },
  'aws:iam/role:Role': {
    actions: calls(
      'iam',
      'CreateRole',
      'GetRole',
      'UpdateAssumeRolePolicy',
      'PutRolePolicy',
      'GetRolePolicy',
      'DeleteRolePolicy',
      'AttachRolePolicy',
      'DetachRolePolicy',
      'ListRolePolicies',
      'ListAttachedRolePolicies',
      'ListInstanceProfilesForRole',
      'DeleteRole',
      'TagRole',
      'PassRole',
    ),
    arn: named('iam', 'role/', ''),
  },
  'aws:iam/user:User': {
    actions: calls('iam', 'CreateUser', 'GetUser', 'DeleteUser', 'TagUser', 'ListGroupsForUser'),
    arn: named('iam', 'user/', ''),
  },
  'aws:iam/userPolicy:UserPolicy': {
    actions: calls('iam', 'PutUserPolicy', 'GetUserPolicy', 'DeleteUserPolicy'),
    arn: ({ inputs }) => `arn:aws:iam::${ACCOUNT}:user/${textAt(inputs, 'user')}`,
  },
  'aws:kms/alias:Alias': {
    actions: calls('kms', 'CreateAlias', 'ListAliases', 'UpdateAlias', 'DeleteAlias'),
    arn: everything,
  },
  'aws:kms/key:Key': {
    actions: calls(
      'kms',
      'CreateKey',
      'DescribeKey',
      'GetKeyPolicy',
      'PutKeyPolicy',
      'GetKeyRotationStatus',
      'ListResourceTags',
      'TagResource',
      'UpdateKeyDescription',
      'ScheduleKeyDeletion',
    ),
    arn: drawn('kms', 'key'),
  },
  'aws:lambda/eventSourceMapping:EventSourceMapping': {
    actions: calls(
      'lambda',
      'CreateEventSourceMapping',
      'GetEventSourceMapping',
      'UpdateEventSourceMapping',
      'DeleteEventSourceMapping',
    ),
    arn: everything,
  },
  'aws:lambda/function:Function': {
    actions: calls(
      'lambda',
      'CreateFunction',
      'GetFunction',
      'UpdateFunctionCode',
      'UpdateFunctionConfiguration',
      'PutFunctionConcurrency',
      'DeleteFunctionConcurrency',
      'GetFunctionCodeSigningConfig',
      'ListVersionsByFunction',
      'DeleteFunction',
      'TagResource',
      'ListTags',
    ),
    arn: named('lambda', 'function:'),
  },
  'aws:lambda/functionUrl:FunctionUrl': {
    actions: calls(
      'lambda',
      'CreateFunctionUrlConfig',
      'GetFunctionUrlConfig',
      'UpdateFunctionUrlConfig',
      'DeleteFunctionUrlConfig',
    ),
    arn: ({ inputs }) => `arn:aws:lambda:${REGION}:${ACCOUNT}:function:${textAt(inputs, 'functionName')}`,
  },
  'aws:lambda/permission:Permission': {
    actions: calls('lambda', 'AddPermission', 'GetPolicy', 'RemovePermission'),
    arn: ({ inputs }) => `arn:aws:lambda:${REGION}:${ACCOUNT}:function:${textAt(inputs, 'function')}`,
  },
  'aws:route53/record:Record': {
    actions: calls(
      'route53',
      'GetHostedZone',
      'ListHostedZones',
      'ChangeResourceRecordSets',
      'ListResourceRecordSets',
      'GetChange',
    ),
    arn: everything,
  },
  'aws:s3/bucket:Bucket': {
    actions: calls(
      's3',
      'CreateBucket',
      'ListBucket',
      'GetBucketLocation',
      'GetBucketAcl',
      'GetBucketTagging',
      'PutBucketTagging',
      'ListBucketVersions',
      'DeleteBucket',
      'GetLifecycleConfiguration',
      'GetReplicationConfiguration',
      'GetEncryptionConfiguration',
      'GetAccelerateConfiguration',
      'GetBucketPolicy',
    ),
    arn: bucket,
  },
  'aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration': {
    actions: calls('s3', 'PutLifecycleConfiguration', 'GetLifecycleConfiguration'),
    arn: bucket,
  },
  'aws:s3/bucketObjectv2:BucketObjectv2': {
    actions: calls('s3', 'PutObject', 'GetObject', 'DeleteObject', 'GetObjectTagging'),
    arn: (resource) => `${bucket(resource)}/${textAt(resource.inputs, 'key')}`,
  },
  'aws:s3/bucketOwnershipControls:BucketOwnershipControls': {
    actions: calls('s3', 'PutBucketOwnershipControls', 'GetBucketOwnershipControls'),
    arn: bucket,
  },
  'aws:s3/bucketPolicy:BucketPolicy': {
    actions: calls('s3', 'PutBucketPolicy', 'GetBucketPolicy', 'DeleteBucketPolicy'),
    arn: bucket,
  },
  'aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock': {
    actions: calls('s3', 'PutBucketPublicAccessBlock', 'GetBucketPublicAccessBlock'),
    arn: bucket,
  },
  'aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration': {
    actions: calls('s3', 'PutEncryptionConfiguration', 'GetEncryptionConfiguration'),
    arn: bucket,
  },
  'aws:s3/bucketVersioning:BucketVersioning': {
    actions: calls('s3', 'PutBucketVersioning', 'GetBucketVersioning'),
    arn: bucket,
  },
  'aws:sns/topic:Topic': {
    actions: calls(
      'sns',
      'CreateTopic',
      'GetTopicAttributes',
      'SetTopicAttributes',
      'DeleteTopic',
      'ListTagsForResource',
      'TagResource',
    ),
    arn: named('sns', ''),
  },
  'aws:sns/topicSubscription:TopicSubscription': {
    actions: calls('sns', 'Subscribe', 'GetSubscriptionAttributes', 'Unsubscribe'),
    arn: ({ inputs }) => `arn:aws:sns:${REGION}:${ACCOUNT}:${textAt(inputs, 'topic').split(':').at(-1)}`,
  },
  'aws:sqs/queue:Queue': {
    actions: calls(
      'sqs',
      'CreateQueue',
      'GetQueueAttributes',
      'SetQueueAttributes',
      'GetQueueUrl',
      'DeleteQueue',
      'ListQueueTags',
      'TagQueue',
    ),
    arn: queue,
  },
  'aws:sqs/redriveAllowPolicy:RedriveAllowPolicy': {
    actions: calls('sqs', 'SetQueueAttributes', 'GetQueueAttributes'),
    arn: queue,
  },
  'aws:ssm/parameter:Parameter': {
    actions: calls(
      'ssm',
      'PutParameter',
      'GetParameter',
      'GetParameters',
      'DeleteParameter',
      'ListTagsForResource',
      'AddTagsToResource',
    ),
    arn: named('ssm', 'parameter'),
  },
  'aws:wafv2/webAcl:WebAcl': {
    actions: calls(
      'wafv2',
      'CreateWebACL',
      'GetWebACL',
      'UpdateWebACL',
      'DeleteWebACL',
      'ListTagsForResource',
      'TagResource',
    ),
    arn: (resource) => `arn:aws:wafv2:us-east-1:${ACCOUNT}:global/webacl/${nameOf(resource)}/0123abcd`,
  },
  'aws:xray/samplingRule:SamplingRule': {
    actions: calls(
      'xray',
      'CreateSamplingRule',
      'UpdateSamplingRule',
      'DeleteSamplingRule',
      'ListTagsForResource',
      'TagResource',
    ),
    arn: ({ inputs }) => `arn:aws:xray:${REGION}:${ACCOUNT}:sampling-rule/${textAt(inputs, 'ruleName')}`,
  },
  'cloudflare:index/workersScript:WorkersScript': null,
  'docker-build:index:Image': { actions: calls('ecr', 'GetAuthorizationToken'), arn: everything },
  'pulumi-nodejs:dynamic:Resource': null,
  'pulumi:providers:aws': { actions: calls('sts', 'GetCallerIdentity'), arn: everything },
  'random:index/randomBytes:RandomBytes': null,
  'random:index/randomPassword:RandomPassword': null,
}

/** What else a deploy calls: the program's own questions, the images' upload, and what `sst` keeps its state in. */
export const BESIDE: readonly (readonly [string, string])[] = [
  ['ssm:GetParametersByPath', `arn:aws:ssm:${REGION}:${ACCOUNT}:parameter/w3bstream/dev/data`],
  [
    'ssm:GetParameter',
    `arn:aws:ssm:${REGION}::parameter/aws/service/ecs/optimized-ami/amazon-linux-2023/gpu/recommended/image_id`,
  ],
  ['ssm:DescribeParameters', '*'],
  ['logs:DescribeLogGroups', '*'],
  ['xray:GetSamplingRules', '*'],
  [
    'iam:CreateServiceLinkedRole',
    `arn:aws:iam::${ACCOUNT}:role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS`,
  ],
  ...[
    'InitiateLayerUpload',
    'UploadLayerPart',
    'CompleteLayerUpload',
    'PutImage',
    'BatchCheckLayerAvailability',
    'BatchGetImage',
  ].map((name) => [`ecr:${name}`, `arn:aws:ecr:${REGION}:${ACCOUNT}:repository/w3bstream-dev/prover`] as const),
  ...['CreateBucket', 'PutBucketVersioning', 'PutBucketPolicy', 'ListBucket', 'GetBucketLocation'].map(
    (name) => [`s3:${name}`, 'arn:aws:s3:::sst-state-abcdefghi'] as const,
  ),
  ...['GetObject', 'PutObject', 'DeleteObject'].map(
    (name) => [`s3:${name}`, 'arn:aws:s3:::sst-state-abcdefghi/app/w3bstream/dev.json'] as const,
  ),
  ...['GetParameter', 'PutParameter', 'GetParametersByPath', 'DeleteParameter'].map(
    (name) => [`ssm:${name}`, `arn:aws:ssm:${REGION}:${ACCOUNT}:parameter/sst/passphrase/w3bstream/dev`] as const,
  ),
  ['ecr:CreateRepository', `arn:aws:ecr:${REGION}:${ACCOUNT}:repository/sst-asset`],
  ['s3:DeleteObjectVersion', 'arn:aws:s3:::w3bstream-dev-objectsbucket-abcdefgh/blobs/a'],
]
