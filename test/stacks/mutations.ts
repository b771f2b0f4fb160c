import type { Graph, Resource } from './synth/synthesise.ts'

/** A mistake that somebody could make, and what a check says of it. */
export interface Mutation {
  readonly what: string
  /** The deployment that it is made in. */
  readonly on: 'dev' | 'production' | 'everything' | 'worker' | 'direct'
  readonly change: (graph: Graph) => void
  readonly says: RegExp
}

const resource = (graph: Graph, name: string): Resource => {
  const found = graph.resources.find((one) => one.custom && one.name === name)
  if (found === undefined) throw new Error(`There is no ${name}.`)
  return found
}

const assign = (graph: Graph, name: string, inputs: Readonly<Record<string, unknown>>) => {
  Object.assign(resource(graph, name).inputs, inputs)
}

/** Replaces text in a resource's inputs, wherever it is. */
const replace = (graph: Graph, name: string, pattern: string, by: string) => {
  const found = resource(graph, name)
  const before = JSON.stringify(found.inputs)
  const quoted = (text: string) => JSON.stringify(text).slice(1, -1)
  const after = [pattern, quoted(pattern)].reduce(
    (text, one) => text.replaceAll(one, one === pattern ? by : quoted(by)),
    before,
  )
  if (after === before) throw new Error(`${name} has no ${pattern}.`)
  Object.assign(found.inputs, JSON.parse(after))
}

const drop = (graph: Graph, name: string) => {
  const at = graph.resources.findIndex((one) => one.name === name)
  if (at < 0) throw new Error(`There is no ${name}.`)
  Object.assign(graph, { resources: graph.resources.filter((_, i) => i !== at) })
}

const add = (graph: Graph, type: string, name: string, inputs: Readonly<Record<string, unknown>>) => {
  const [first] = graph.resources
  if (first === undefined) throw new Error('The graph is empty.')
  Object.assign(graph, {
    resources: [...graph.resources, { ...first, type, name, urn: `urn:${name}`, custom: true, inputs }],
  })
}

export const mutations: readonly Mutation[] = [
  {
    what: 'a queue loses its dead letters',
    on: 'dev',
    change: (graph) => assign(graph, 'SettleQueue', { redrivePolicy: undefined }),
    says: /^SettleQueue has no dead letters/,
  },
  {
    what: 'a hint becomes visible while its function may still run',
    on: 'dev',
    change: (graph) => assign(graph, 'SettleQueue', { visibilityTimeoutSeconds: 300 }),
    says: /^SettleSource: its queue's visibility is below 360 s/,
  },
  {
    what: 'a hint becomes visible while its proof may still run',
    on: 'production',
    change: (graph) => assign(graph, 'ProveGpuQueue', { visibilityTimeoutSeconds: 600 }),
    says: /ProveGpuQueue.*not above the 600 s/,
  },
  {
    what: 'one failure takes a whole batch back',
    on: 'dev',
    change: (graph) => assign(graph, 'PackSource', { functionResponseTypes: [] }),
    says: /^PackSource takes a whole batch back/,
  },
  {
    what: 'the stream leaves records out without telling',
    on: 'dev',
    change: (graph) => assign(graph, 'SegmentsSource', { destinationConfig: undefined }),
    says: /^SegmentsSource does not tell/,
  },
  {
    what: 'the stream keeps trying until its records are gone',
    on: 'dev',
    change: (graph) => assign(graph, 'SegmentsSource', { maximumRecordAgeInSeconds: 86_400 }),
    says: /^SegmentsSource leaves no time/,
  },
  {
    what: 'a role may do all of a service',
    on: 'dev',
    change: (graph) => replace(graph, 'SettlerExecutionRole', 'sqs:SendMessage', 'sqs:*'),
    says: /^SettlerExecutionRole may do sqs:\*/,
  },
  {
    what: 'a role may reach every table',
    on: 'dev',
    change: (graph) =>
      replace(graph, 'SettlerExecutionRole', 'table/w3bstream-dev-StateTable-xxxxxxxx/index/*', 'table/*'),
    says: /^SettlerExecutionRole may reach arn:aws:dynamodb.*table\/\*/,
  },
  {
    what: 'a role may sign with the key of another',
    on: 'dev',
    change: (graph) => replace(graph, 'ProverTaskRole', 'key/ProverKey', 'key/SettlerKey'),
    says: /^ProverTaskRole may do kms:Sign with SettlerKey/,
  },
  {
    what: 'a prover may write tokens',
    on: 'dev',
    change: (graph) => replace(graph, 'ProverTaskRole', '"task#*"]', '"task#*","tokens"]'),
    says: /^ProverTaskRole may do dynamodb:PutItem to tokens of the state/,
  },
  {
    what: 'a prover may read tokens',
    on: 'dev',
    change: (graph) => replace(graph, 'ProverTaskRole', '["meta",', '["meta","tokens",'),
    says: /^ProverTaskRole may do dynamodb:GetItem to tokens of the state/,
  },
  {
    what: 'a prover may write all of the state',
    on: 'production',
    change: (graph) => replace(graph, 'GpuProverTaskRole', 'ForAllValues:StringLike', 'ForAnyValue:StringLike'),
    says: /^GpuProverTaskRole may do dynamodb:PutItem to all of the state/,
  },
  {
    what: 'the edge worker may write nonces',
    on: 'worker',
    change: (graph) => replace(graph, 'IngestAwsPolicy', '"quota#*",', '"quota#*","nonces#*",'),
    says: /^IngestAwsPolicy may do dynamodb:PutItem to nonces#\* of the state/,
  },
  {
    what: 'a role gets a policy of AWS',
    on: 'dev',
    change: (graph) =>
      assign(graph, 'IngestExecutionRole', { managedPolicyArns: ['arn:aws:iam::aws:policy/AdministratorAccess'] }),
    says: /^IngestExecutionRole has the policy/,
  },
  {
    what: 'a secret is told to a function',
    on: 'dev',
    change: (graph) =>
      replace(graph, 'SettlerFunction', 'w3bstream/dev/secrets/RpcUrls', 'https://rpc.example/dummy-secret-RpcUrls'),
    says: /^SettlerFunction: there is a secret in environment/,
  },
  {
    what: 'a secret stands in a task definition',
    on: 'dev',
    change: (graph) => assign(graph, 'ProverTask', { containerDefinitions: '[{"name":"[secret]"}]' }),
    says: /^ProverTask: there is a secret in containerDefinitions/,
  },
  {
    what: 'a whole task definition is kept as a secret, for there is one in it',
    on: 'dev',
    change: (graph) => assign(graph, 'ProverTask', { containerDefinitions: '[secret]' }),
    says: /^ProverTask: there is a secret in containerDefinitions/,
  },
  {
    what: 'a secret lies in the parameter store unencrypted',
    on: 'dev',
    change: (graph) => assign(graph, 'RpcUrlsParameter', { type: 'String' }),
    says: /^RpcUrlsParameter is not encrypted/,
  },
  {
    what: 'a function gets what SST adds for links',
    on: 'dev',
    change: (graph) => replace(graph, 'IngestFunction', '"W3B_STAGE"', '"SST_KEY"'),
    says: /^IngestFunction is told SST_KEY/,
  },
  {
    what: 'the edge worker has its key as a readable binding',
    on: 'worker',
    change: (graph) => replace(graph, 'IngestScript', '"secret_text"', '"plain_text"'),
    says: /^IngestScript: the binding AWS_SECRET_ACCESS_KEY is readable/,
  },
  {
    what: 'a bucket is public',
    on: 'dev',
    change: (graph) => assign(graph, 'ObjectsPublicAccessBlock', { blockPublicPolicy: false }),
    says: /^ObjectsBucket is not private/,
  },
  {
    what: 'a bucket forgets former versions',
    on: 'dev',
    change: (graph) => drop(graph, 'ObjectsVersioning'),
    says: /^ObjectsBucket is not versioned/,
  },
  {
    what: 'a bucket is not encrypted',
    on: 'dev',
    change: (graph) => drop(graph, 'ObjectsEncryption'),
    says: /^ObjectsBucket is not encrypted/,
  },
  {
    what: 'a table of production can be deleted',
    on: 'production',
    change: (graph) => assign(graph, 'StateTable', { deletionProtectionEnabled: false }),
    says: /^StateTable can be deleted/,
  },
  {
    what: 'a table of production cannot be recovered',
    on: 'production',
    change: (graph) => assign(graph, 'MessagesTable', { pointInTimeRecovery: { enabled: false } }),
    says: /^MessagesTable: recovery to a point in time is off/,
  },
  {
    what: 'an index is not what the store queries',
    on: 'dev',
    change: (graph) => replace(graph, 'StateTable', '"KEYS_ONLY"', '"ALL"'),
    says: /^StateTable: the index list is another/,
  },
  {
    what: 'a function has more time than Lambda gives',
    on: 'dev',
    change: (graph) => assign(graph, 'IngestFunction', { timeout: 901 }),
    says: /^IngestFunction has no legal timeout/,
  },
  {
    what: 'a function has less memory than Lambda gives',
    on: 'dev',
    change: (graph) => assign(graph, 'SegmentsFunction', { memorySize: 64 }),
    says: /^SegmentsFunction has no legal memory/,
  },
  {
    what: 'answers are not streamed',
    on: 'dev',
    change: (graph) => assign(graph, 'IngestUrl', { invokeMode: 'BUFFERED' }),
    says: /^IngestUrl does not stream/,
  },
  {
    what: 'Fargate has no such size',
    on: 'dev',
    change: (graph) => assign(graph, 'ProverTask', { memory: '3072' }),
    says: /^ProverTask: Fargate has no such size/,
  },
  {
    what: 'a container can write anywhere',
    on: 'dev',
    change: (graph) => replace(graph, 'ProverTask', '"readonlyRootFilesystem":true', '"readonlyRootFilesystem":false'),
    says: /^ProverTask can write/,
  },
  {
    what: 'a task shares its GPU',
    on: 'production',
    change: (graph) => replace(graph, 'GpuProverTask', '"resourceRequirements":[{"type":"GPU","value":"1"}],', ''),
    says: /^GpuProverTask has no GPU of its own/,
  },
  {
    what: 'a task with a GPU does not fit into its instance',
    on: 'production',
    change: (graph) => assign(graph, 'GpuProverTask', { memory: '15360' }),
    says: /^GpuProverTask does not fit into a g6\.xlarge/,
  },
  {
    what: 'a container shares its instance’s network, and so its metadata',
    on: 'production',
    change: (graph) => assign(graph, 'GpuProverTask', { networkMode: 'host' }),
    says: /^GpuProverTask is not behind the bridge/,
  },
  {
    what: 'instances give metadata to containers',
    on: 'production',
    change: (graph) =>
      replace(graph, 'GpuLaunchTemplate', '"httpPutResponseHopLimit":1', '"httpPutResponseHopLimit":2'),
    says: /^GpuLaunchTemplate gives metadata to containers/,
  },
  {
    what: 'instances stay when nothing is to be done',
    on: 'production',
    change: (graph) => assign(graph, 'GpuSpotGroup', { minSize: 1 }),
    says: /^GpuSpotGroup does not go to zero/,
  },
  {
    what: 'nothing takes the place of spot capacity',
    on: 'production',
    change: (graph) => {
      drop(graph, 'GpuOnDemandGroup')
      drop(graph, 'GpuOnDemand')
    },
    says: /nothing takes its place/,
  },
  {
    what: 'provers are always there',
    on: 'dev',
    change: (graph) => assign(graph, 'ProversTarget', { minCapacity: 1 }),
    says: /^Provers does not scale to zero/,
  },
  {
    what: 'a service runs where its cluster has no capacity',
    on: 'production',
    change: (graph) => assign(graph, 'CapacityProviders', { capacityProviders: ['FARGATE', 'FARGATE_SPOT'] }),
    says: /^GpuProvers asks for capacity/,
  },
  {
    what: 'a security group lets somebody in',
    on: 'production',
    change: (graph) => assign(graph, 'OutboundOnly', { ingress: [{ protocol: 'tcp', fromPort: 22, toPort: 22 }] }),
    says: /^OutboundOnly lets somebody in/,
  },
  {
    what: 'a NAT gateway is paid for',
    on: 'dev',
    change: (graph) => add(graph, 'aws:ec2/natGateway:NatGateway', 'Nat', {}),
    says: /^Nat should not be/,
  },
  {
    what: 'an endpoint is paid for by the hour',
    on: 'dev',
    change: (graph) => assign(graph, 'S3Endpoint', { vpcEndpointType: 'Interface' }),
    says: /^S3Endpoint costs by the hour/,
  },
  {
    what: 'an alarm looks at a metric that nothing writes',
    on: 'dev',
    change: (graph) => replace(graph, 'UnfundedAccountAlarm', 'w3b_account_unfunded', 'w3b_account_poor'),
    says: /^UnfundedAccountAlarm looks at w3b_account_poor/,
  },
  {
    what: 'an alarm looks at another stage',
    on: 'dev',
    change: (graph) => replace(graph, 'StalledListenerAlarm', 'dev-sequencer', 'production-sequencer'),
    says: /^StalledListenerAlarm looks at .* of production-sequencer/,
  },
  {
    what: 'an alarm tells nobody',
    on: 'dev',
    change: (graph) => assign(graph, 'DeadLettersAlarm', { alarmActions: [] }),
    says: /^DeadLettersAlarm tells nobody/,
  },
  {
    what: 'a sequencer that fails each time raises no alarm',
    on: 'dev',
    change: (graph) => replace(graph, 'SilentSequencerAlarm', 'runs - FILL(errors, 0)', 'runs'),
    says: /^SilentSequencerAlarm takes runs that fail for runs/,
  },
  {
    what: 'the dashboard leaves ingest out',
    on: 'dev',
    change: (graph) =>
      replace(graph, 'Dashboard', String(resource(graph, 'IngestFunction').inputs.name), 'another-function'),
    says: /^the dashboard leaves Invocations out/,
  },
  {
    what: 'the dashboard leaves provers out',
    on: 'dev',
    change: (graph) => replace(graph, 'Dashboard', '"provers"', '"nobody"'),
    says: /^the dashboard leaves provers out/,
  },
  {
    what: 'an alarm is forgotten',
    on: 'dev',
    change: (graph) => drop(graph, 'StalledStreamAlarm'),
    says: /^there is no StalledStreamAlarm/,
  },
  {
    what: 'two queues share a name',
    on: 'dev',
    change: (graph) => assign(graph, 'PackQueue', { name: resource(graph, 'GapsQueue').inputs.name }),
    says: /another aws:sqs\/queue:Queue is called/,
  },
  {
    what: 'a resource is registered twice',
    on: 'dev',
    change: (graph) => Object.assign(graph, { resources: [...graph.resources, resource(graph, 'Alarms')] }),
    says: /^Alarms is there twice/,
  },
  {
    what: 'production may be removed',
    on: 'production',
    change: (graph) => Object.assign(graph.app, { protect: false }),
    says: /^protection is off/,
  },
  {
    what: 'a key of production may be lost',
    on: 'production',
    change: (graph) => Object.assign(resource(graph, 'SettlerKey'), { retainOnDelete: false }),
    says: /^SettlerKey may be lost/,
  },
  {
    what: 'another stage leaves a table behind',
    on: 'dev',
    change: (graph) => Object.assign(resource(graph, 'StateTable'), { retainOnDelete: true }),
    says: /^StateTable stays behind/,
  },
  {
    what: 'CloudFront shows a secret that the function does not know',
    on: 'everything',
    change: (graph) => replace(graph, 'EdgeDistribution', 'generated-OriginSecret3', 'generated-OriginSecret4'),
    says: /^EdgeDistribution sends a secret/,
  },
  {
    what: 'CloudFront keeps the caller’s key to itself',
    on: 'dev',
    change: (graph) => replace(graph, 'EdgeRequests', '"Idempotency-Key",', ''),
    says: /^EdgeDistribution does not pass idempotency-key on/,
  },
  {
    what: 'a unit is not told what it reads',
    on: 'dev',
    change: (graph) => replace(graph, 'SegmentsFunction', '"W3B_QUEUE_PACK_DLQ"', '"W3B_QUEUE_SETTLE_DLQ"'),
    says: /^SegmentsFunction: .*W3B_QUEUE_PACK_DLQ is missing/,
  },
]
