import type { Graph, Resource } from '../../stacks/synth/synthesise.ts'
import type { Measured } from './measure.ts'
import { add, times, type Usage } from './prices.ts'

const HOURS = 730
const MINUTES = HOURS * 60
/** Lambda reads an SQS queue by five long polls of twenty seconds, also while it is empty. */
const POLLS_A_MINUTE = 5 * 3
/** A container image in its registry, compressed: an assumption. */
const IMAGE_GB = 0.5
/** Tables, objects and logs of a deployment that nobody uses. */
const STORED_GB = 0.01

/**
 * What the schedule and the node are held to while nothing waits: measured figures stay below it, and a graph is priced with it.
 * `lambda.compute` is what a quarter of a second of half a gigabyte takes.
 */
export const IDLE_AT_MOST: Pick<Measured, 'sweep' | 'idleMetrics' | 'nodeSecond'> = {
  sweep: {
    'dynamodb.read': 30,
    'dynamodb.write': 0.5,
    'sqs.request': 1,
    'lambda.request': 1,
    'lambda.compute': 0.125,
    'logs.ingest': 1e-6,
  },
  idleMetrics: 3,
  nodeSecond: { 'dynamodb.read': 2, 'dynamodb.write': 0.2, 'logs.ingest': 1e-8 },
}

/**
 * What a month costs in which nobody sends anything: what stands there by the graph of the deployment, the minutes of the schedule, and the node where the
 * graph has one.
 */
export function idleMonth(
  graph: Pick<Graph, 'resources'>,
  { sweep, idleMetrics, nodeSecond }: Pick<Measured, 'sweep' | 'idleMetrics' | 'nodeSecond'>,
): Usage {
  const of = (type: string): readonly Resource[] => graph.resources.filter((resource) => resource.type === type)
  const services = of('aws:ecs/service:Service').filter(({ inputs }) => Number(inputs.desiredCount ?? 0) > 0)
  const nodes = services.length
  const [definition] = of('aws:ecs/taskDefinition:TaskDefinition').filter(({ name }) => name.startsWith('Node'))
  const queues = of('aws:lambda/eventSourceMapping:EventSourceMapping').filter(
    // Streams are read for nothing.
    ({ inputs }) => inputs.startingPosition === undefined,
  )
  return add(
    {
      'kms.key': of('aws:kms/key:Key').length,
      'cloudwatch.alarmMetric': of('aws:cloudwatch/metricAlarm:MetricAlarm').reduce(
        (sum, alarm) => sum + metricsOf(alarm),
        0,
      ),
      'cloudwatch.dashboard': of('aws:cloudwatch/dashboard:Dashboard').length,
      'cloudwatch.metric': idleMetrics * (1 + nodes),
      'sqs.request': queues.length * POLLS_A_MINUTE * MINUTES,
      'ecr.storage': of('aws:ecr/repository:Repository').length * IMAGE_GB,
      'dynamodb.storage': STORED_GB,
      's3.storage': STORED_GB,
      'logs.storage': STORED_GB,
      // A function that is traced has its first call each second traced.
      'xray.trace': MINUTES,
    },
    times(sweep, MINUTES),
    nodes === 0
      ? {}
      : add(
          {
            'fargate.vcpu': (nodes * HOURS * Number(definition?.inputs.cpu ?? 0)) / 1024,
            'fargate.memory': (nodes * HOURS * Number(definition?.inputs.memory ?? 0)) / 1024,
            'ipv4.hour': nodes * HOURS,
          },
          times(nodeSecond, nodes * HOURS * 3_600),
        ),
  )
}

function metricsOf({ inputs }: Resource): number {
  const queries: unknown[] = Array.isArray(inputs.metricQueries) ? inputs.metricQueries : []
  return Math.max(1, queries.filter((query) => Reflect.get(Object(query), 'metric') != null).length)
}
