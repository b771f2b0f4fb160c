import { createHash } from 'node:crypto'
import { clusterName } from './clusterName.ts'
import { config, prefix, stage } from './deployment.ts'
import { ingestLambda } from './ingest.ts'
import { queues } from './queues.ts'
import { segments } from './segments.ts'
import { sequencer } from './sequencer.ts'
import { settler } from './settler.ts'

/** What units count themselves, in the log lines that CloudWatch reads metrics from. */
const NAMESPACE = 'W3bstream'
const METRICS = {
  failedSettlements: 'w3b_settlements_failed_total',
  unfundedAccounts: 'w3b_account_unfunded',
  stalledListeners: 'w3b_listener_stalled',
} as const

const topic = new aws.sns.Topic('Alarms', { name: `${prefix}-alarms` })

if (config.aws.alarmEmail !== null)
  new aws.sns.TopicSubscription('AlarmEmail', { topic: topic.arn, protocol: 'email', endpoint: config.aws.alarmEmail })

type Query = aws.types.input.cloudwatch.MetricAlarmMetricQuery

const queueMetric = (id: string, queue: sst.aws.Queue, metricName: string): Query => ({
  id,
  metric: {
    namespace: 'AWS/SQS',
    metricName,
    dimensions: { QueueName: queue.nodes.queue.name },
    period: 60,
    stat: 'Maximum',
  },
})

interface AlarmArgs {
  readonly description: string
  readonly threshold: number
  /** Minutes that it has to last. */
  readonly minutes: number
  readonly metrics: readonly Query[]
  /** Too little is wrong, and nothing at all is too. */
  readonly below?: boolean
  /** Over the metrics; the one metric where absent. */
  readonly expression?: string
}

function alarm(name: string, { description, threshold, minutes, below = false, metrics, expression }: AlarmArgs): void {
  new aws.cloudwatch.MetricAlarm(`${name}Alarm`, {
    name: `${prefix}-${name}`,
    alarmDescription: description,
    comparisonOperator: below ? 'LessThanThreshold' : 'GreaterThanOrEqualToThreshold',
    threshold,
    evaluationPeriods: minutes,
    treatMissingData: below ? 'breaching' : 'notBreaching',
    metricQueries:
      expression === undefined
        ? metrics.map((query) => ({ ...query, returnData: true }))
        : [...metrics, { id: 'value', label: name, expression, returnData: true }],
    alarmActions: [topic.arn],
    okActions: [topic.arn],
  })
}

const own = (id: string, metricName: string, service: 'settler' | 'sequencer', stat: string): Query => ({
  id,
  metric: { namespace: NAMESPACE, metricName, dimensions: { service: `${stage}-${service}` }, period: 60, stat },
})

const lambdaMetric = (id: string, metricName: string, fn: sst.aws.Function, stat: string): Query => ({
  id,
  metric: { namespace: 'AWS/Lambda', metricName, dimensions: { FunctionName: fn.name }, period: 60, stat },
})

alarm('DeadLetters', {
  description: 'A hint was given up after its last try: w3b task replay, once its cause is gone.',
  threshold: 1,
  minutes: 1,
  metrics: Object.entries(queues).map(([name, { deadLetters }]) =>
    queueMetric(name.toLowerCase(), deadLetters, 'ApproximateNumberOfMessagesVisible'),
  ),
  expression: 'SUM(METRICS())',
})

alarm('OldestMessage', {
  description: 'A task has waited for half an hour to be proven or settled.',
  threshold: 1_800,
  minutes: 5,
  metrics: Object.entries(queues)
    .filter(([name]) => name !== 'Gaps' && name !== 'Pack')
    .map(([name, { queue }]) => queueMetric(name.toLowerCase(), queue, 'ApproximateAgeOfOldestMessage')),
  expression: 'MAX(METRICS())',
})

alarm('FailedSettlements', {
  description: 'A settlement failed for good.',
  threshold: 1,
  minutes: 1,
  metrics: [
    own('sent', METRICS.failedSettlements, 'settler', 'Sum'),
    own('followed', METRICS.failedSettlements, 'sequencer', 'Sum'),
  ],
  expression: 'SUM(METRICS())',
})

alarm('UnfundedAccount', {
  description: 'The settler’s account cannot pay for gas: its chain waits, and goes on by itself once it is funded.',
  threshold: 1,
  minutes: 1,
  metrics: [own('unfunded', METRICS.unfundedAccounts, 'sequencer', 'Maximum')],
})

alarm('StalledListener', {
  description: 'A chain’s listener has not moved for ten minutes.',
  threshold: 1,
  minutes: 10,
  metrics: [own('stalled', METRICS.stalledListeners, 'sequencer', 'Maximum')],
})

alarm('SilentSequencer', {
  description: 'No run of the sequencer has succeeded for five minutes: it is not called, or each call fails.',
  threshold: 1,
  below: true,
  minutes: 5,
  // A call that fails counts as one.
  metrics: [lambdaMetric('runs', 'Invocations', sequencer, 'Sum'), lambdaMetric('errors', 'Errors', sequencer, 'Sum')],
  expression: 'runs - FILL(errors, 0)',
})

alarm('StalledStream', {
  description: 'Accepted messages have not reached the log for ten minutes.',
  threshold: 600_000,
  minutes: 5,
  metrics: [lambdaMetric('age', 'IteratorAge', segments, 'Maximum')],
})

// X-Ray takes 32 characters, and long names of stages may begin alike.
const digest = createHash('sha256').update(prefix).digest('hex').slice(0, 8)
const ruleName = prefix.length <= 32 ? prefix : `${prefix.slice(0, 23)}-${digest}`

// One trace in a hundred, and none for free: a rule counts for functions by their names.
new aws.xray.SamplingRule('Traces', {
  ruleName,
  priority: 1_000,
  version: 1,
  reservoirSize: 0,
  fixedRate: config.traceRate,
  serviceName: `${prefix}-*`,
  serviceType: '*',
  host: '*',
  httpMethod: '*',
  urlPath: '*',
  resourceArn: '*',
})

interface Widget {
  readonly title: string
  readonly metrics: readonly (readonly $util.Input<string>[])[]
  readonly stat: string
}

const units = [...(ingestLambda === null ? [] : [ingestLambda]), segments, sequencer, settler]

/** ECS tells no number of tasks for free, but a sample a minute of each that runs. The services' names are written out in their files. */
const containers = [
  ...(config.aws.cpuProvers === null ? [] : ['provers']),
  ...(config.aws.gpuProvers === null ? [] : ['gpuprovers']),
  ...(config.aws.gpuProvers?.onDemandFallback ? ['gpuproversondemand'] : []),
  ...(config.aws.node === null ? [] : ['node']),
]

const widgets: readonly Widget[] = [
  {
    title: 'Hints that wait',
    stat: 'Maximum',
    metrics: Object.values(queues).map(({ queue }) => [
      'AWS/SQS',
      'ApproximateNumberOfMessagesVisible',
      'QueueName',
      queue.nodes.queue.name,
    ]),
  },
  {
    title: 'Hints that are worked on',
    stat: 'Maximum',
    metrics: Object.values(queues).map(({ queue }) => [
      'AWS/SQS',
      'ApproximateNumberOfMessagesNotVisible',
      'QueueName',
      queue.nodes.queue.name,
    ]),
  },
  ...(containers.length === 0
    ? []
    : [
        {
          title: 'Tasks of provers and node that run',
          stat: 'SampleCount',
          metrics: containers.map((service) => [
            'AWS/ECS',
            'CPUUtilization',
            'ClusterName',
            clusterName,
            'ServiceName',
            service,
          ]),
        },
      ]),
  {
    title: 'Dead letters',
    stat: 'Maximum',
    metrics: Object.values(queues).map(({ deadLetters }) => [
      'AWS/SQS',
      'ApproximateNumberOfMessagesVisible',
      'QueueName',
      deadLetters.nodes.queue.name,
    ]),
  },
  {
    title: 'Calls',
    stat: 'Sum',
    metrics: units.map((fn) => ['AWS/Lambda', 'Invocations', 'FunctionName', fn.name]),
  },
  {
    title: 'Errors',
    stat: 'Sum',
    metrics: units.map((fn) => ['AWS/Lambda', 'Errors', 'FunctionName', fn.name]),
  },
  {
    title: 'Duration, 99 of 100',
    stat: 'p99',
    metrics: units.map((fn) => ['AWS/Lambda', 'Duration', 'FunctionName', fn.name]),
  },
  {
    title: 'The stream’s age',
    stat: 'Maximum',
    metrics: [['AWS/Lambda', 'IteratorAge', 'FunctionName', segments.name]],
  },
  {
    title: 'Settlements that failed, accounts without funds, listeners that stand still',
    stat: 'Maximum',
    metrics: [
      [NAMESPACE, METRICS.failedSettlements, 'service', `${stage}-settler`],
      [NAMESPACE, METRICS.failedSettlements, 'service', `${stage}-sequencer`],
      [NAMESPACE, METRICS.unfundedAccounts, 'service', `${stage}-sequencer`],
      [NAMESPACE, METRICS.stalledListeners, 'service', `${stage}-sequencer`],
    ],
  },
]

const board = new aws.cloudwatch.Dashboard('Dashboard', {
  dashboardName: prefix,
  dashboardBody: $jsonStringify({
    widgets: widgets.map(({ title, metrics, stat }, n) => ({
      type: 'metric',
      x: (n % 2) * 12,
      y: Math.floor(n / 2) * 6,
      width: 12,
      height: 6,
      properties: { title, metrics, stat, period: 60, region: config.aws.region, view: 'timeSeries' },
    })),
  }),
})

/** Where to look first. */
export const dashboard = $interpolate`https://${config.aws.region}.console.aws.amazon.com/cloudwatch/home?region=${config.aws.region}#dashboards:name=${board.dashboardName}`
