// Stands for the providers: each resource is what it was asked to be, with identifiers of the forms that AWS gives, since components read them.

export const ACCOUNT = '123456789012'
export const REGION = 'us-east-1'

const arn = (service, resource, region = REGION) => `arn:aws:${service}:${region}:${ACCOUNT}:${resource}`

const ARNS = {
  'aws:cloudwatch/logGroup:LogGroup': (name) => arn('logs', `log-group:${name}`),
  'aws:dynamodb/table:Table': (name) => arn('dynamodb', `table/${name}`),
  'aws:ecr/repository:Repository': (name) => arn('ecr', `repository/${name}`),
  'aws:ecs/cluster:Cluster': (name) => arn('ecs', `cluster/${name}`),
  'aws:iam/role:Role': (name) => arn('iam', `role/${name}`, ''),
  'aws:kms/key:Key': (name) => arn('kms', `key/${name}`),
  'aws:lambda/function:Function': (name) => arn('lambda', `function:${name}`),
  'aws:s3/bucket:Bucket': (name) => `arn:aws:s3:::${name}`,
  'aws:sns/topic:Topic': (name) => arn('sns', name),
  'aws:sqs/queue:Queue': (name) => arn('sqs', name),
  'aws:ssm/parameter:Parameter': (name) => arn('ssm', `parameter${name}`),
}

const OUTPUTS = {
  'aws:acm/certificate:Certificate': ({ inputs }) => ({
    domainValidationOptions: [
      {
        domainName: inputs.domainName,
        resourceRecordName: `_validation.${inputs.domainName}.`,
        resourceRecordType: 'CNAME',
        resourceRecordValue: 'validation.acm-validations.aws.',
      },
    ],
  }),
  'aws:acm/certificateValidation:CertificateValidation': ({ inputs }) => ({ certificateArn: inputs.certificateArn }),
  'aws:cloudfront/distribution:Distribution': () => ({ domainName: 'd111111abcdef8.cloudfront.net', etag: 'E' }),
  'aws:dynamodb/table:Table': ({ own }) => ({ streamArn: `${own}/stream/2026-01-01T00:00:00.000` }),
  'aws:ecr/repository:Repository': ({ name }) => ({
    repositoryUrl: `${ACCOUNT}.dkr.ecr.${REGION}.amazonaws.com/${name}`,
    registryId: ACCOUNT,
  }),
  'aws:iam/accessKey:AccessKey': ({ name }) => ({ secret: `generated-${name}` }),
  'aws:kms/key:Key': ({ name }) => ({ keyId: name }),
  'aws:lambda/functionUrl:FunctionUrl': ({ name }) => ({
    functionUrl: `https://${name.toLowerCase()}.lambda-url.${REGION}.on.aws/`,
  }),
  'aws:s3/bucket:Bucket': ({ name }) => ({
    bucket: name,
    bucketRegionalDomainName: `${name}.s3.${REGION}.amazonaws.com`,
  }),
  'aws:sqs/queue:Queue': ({ name }) => ({ url: `https://sqs.${REGION}.amazonaws.com/${ACCOUNT}/${name}` }),
  'aws:ssm/parameter:Parameter': () => ({ version: 3 }),
  'docker-build:index:Image': () => ({ digest: `sha256:${'0'.repeat(64)}`, ref: 'ref' }),
  'random:index/randomBytes:RandomBytes': ({ name }) => ({
    base64: Buffer.from(`generated-${name}`.padEnd(32, '-').slice(0, 32)).toString('base64'),
  }),
  'random:index/randomPassword:RandomPassword': ({ name }) => ({ result: `generated-${name}` }),
}

/** Names end in letters drawn at random, which the state of a real deployment keeps. */
export const pin = (value) => (typeof value === 'string' ? value.replace(/-[a-z]{8}(\.fifo)?$/, '-xxxxxxxx$1') : value)

const NAMED = ['name', 'bucket']

/** The inputs as they are at every run. */
export const stable = (inputs) =>
  Object.fromEntries(
    Object.entries(inputs ?? {}).map(([key, value]) => [key, NAMED.includes(key) ? pin(value) : value]),
  )

export function createResource({ type, name: logicalName, inputs: given, id, custom }) {
  const inputs = stable(given)
  const name = [inputs.name, inputs.bucket, logicalName].find((one) => typeof one === 'string')
  const service = type.split(':')[1]?.split('/')[0] ?? 'other'
  const own = ARNS[type]?.(name) ?? arn(service, name)
  const outputs = OUTPUTS[type]?.({ name, own, inputs }) ?? {}
  return {
    id: id || (custom === false ? undefined : `${name}-id`),
    state: { ...inputs, name, arn: own, ...outputs },
  }
}

/** Answers what the program asks of a provider; what it has no answer for is noted. */
export function answer({ token, inputs }, parameters, unanswered) {
  switch (token) {
    case 'aws:index/getRegion:getRegion':
      return { region: REGION, name: REGION, id: REGION }
    case 'aws:index/getPartition:getPartition':
      return { partition: 'aws', dnsSuffix: 'amazonaws.com' }
    case 'aws:index/getCallerIdentity:getCallerIdentity':
      return { accountId: ACCOUNT, arn: arn('iam', 'root', '') }
    case 'aws:index/getAvailabilityZones:getAvailabilityZones':
      return { names: ['a', 'b', 'c'].map((zone) => REGION + zone) }
    case 'aws:iam/getPolicyDocument:getPolicyDocument':
      return { ...inputs, json: JSON.stringify({ Version: '2012-10-17', Statement: inputs.statements }) }
    case 'aws:ecr/getAuthorizationToken:getAuthorizationToken':
      return {
        proxyEndpoint: `${ACCOUNT}.dkr.ecr.${REGION}.amazonaws.com`,
        userName: 'AWS',
        password: 'generated-token',
      }
    case 'aws:ssm/getParameter:getParameter':
      return { value: 'ami-0123456789abcdef0' }
    case 'aws:ssm/getParametersByPath:getParametersByPath': {
      const found = Object.entries(parameters).filter(([name]) => name.startsWith(`${inputs.path}/`))
      return { names: found.map(([name]) => name), values: found.map(([, value]) => value) }
    }
    default:
      unanswered.add(token)
      return inputs
  }
}
