import { clusterName } from './clusterName.ts'
import { prefix } from './deployment.ts'
import type { QueuePair } from './queues.ts'

/** What grows and shrinks with a queue. */
export interface ScalingArgs {
  readonly queue: QueuePair
  readonly service: aws.ecs.Service
  readonly max: number
  /** Seconds until a task that was asked for takes its first hint. */
  readonly warmUpS: number
  /** Takes over where the first finds no capacity. */
  readonly fallback?: { readonly service: aws.ecs.Service; readonly afterS: number }
}

/** Minutes without work after which everything goes. */
const IDLE_MINUTES = 10

interface Step {
  readonly from: number
  readonly to?: number
  readonly change: number
}

/**
 * Keeps a service at no task while its queue is empty, and adds tasks while hints wait. Nothing is taken away while anything is worked on: ECS would not
 * choose the task that is idle. A prover that is full leaves hints visible, for a minute and more at a time: `Intake` in functions/prover.
 */
export function scaleWithQueue(name: string, { queue, service, max, warmUpS, fallback }: ScalingArgs): void {
  const metric = (id: string, metricName: string) => ({
    id,
    metric: {
      namespace: 'AWS/SQS',
      metricName,
      dimensions: { QueueName: queue.queue.nodes.queue.name },
      period: 60,
      stat: 'Maximum',
    },
  })
  const visible = metric('visible', 'ApproximateNumberOfMessagesVisible')
  const inFlight = metric('inflight', 'ApproximateNumberOfMessagesNotVisible')
  const age = metric('age', 'ApproximateAgeOfOldestMessage')

  const target = (suffix: string, of: aws.ecs.Service) =>
    new aws.appautoscaling.Target(`${name}${suffix}Target`, {
      serviceNamespace: 'ecs',
      scalableDimension: 'ecs:service:DesiredCount',
      resourceId: $interpolate`service/${clusterName}/${of.name}`,
      minCapacity: 0,
      maxCapacity: max,
    })
  const policy = (
    suffix: string,
    of: aws.appautoscaling.Target,
    adjustmentType: string,
    cooldown: number,
    steps: readonly Step[],
  ) =>
    new aws.appautoscaling.Policy(`${name}${suffix}`, {
      name: `${prefix}-${name}${suffix}`,
      policyType: 'StepScaling',
      serviceNamespace: of.serviceNamespace,
      scalableDimension: of.scalableDimension,
      resourceId: of.resourceId,
      stepScalingPolicyConfiguration: {
        adjustmentType,
        metricAggregationType: 'Maximum',
        cooldown,
        stepAdjustments: steps.map(({ from, to, change }) => ({
          ...(from === Number.NEGATIVE_INFINITY ? {} : { metricIntervalLowerBound: `${from}` }),
          ...(to === undefined ? {} : { metricIntervalUpperBound: `${to}` }),
          scalingAdjustment: change,
        })),
      },
    })

  const first = target('', service)
  const second = fallback === undefined ? null : target('Fallback', fallback.service)

  // Bounds count from the alarm's threshold, which is 1.
  const out =
    second === null || fallback === undefined
      ? [
          policy('Out', first, 'ChangeInCapacity', warmUpS, [
            { from: 0, to: 10, change: 1 },
            { from: 10, to: 100, change: Math.max(1, Math.ceil(max / 2)) },
            { from: 100, change: max },
          ]),
        ]
      : [
          policy('Out', first, 'ChangeInCapacity', warmUpS, [{ from: 0, change: 1 }]),
          policy('FallbackOut', second, 'ChangeInCapacity', warmUpS, [{ from: fallback.afterS, change: 1 }]),
        ]
  new aws.cloudwatch.MetricAlarm(`${name}Waiting`, {
    name: `${prefix}-${name}Waiting`,
    alarmDescription: 'Hints wait: adds provers.',
    comparisonOperator: 'GreaterThanOrEqualToThreshold',
    threshold: 1,
    evaluationPeriods: 1,
    treatMissingData: 'notBreaching',
    metricQueries:
      fallback === undefined
        ? [{ ...visible, returnData: true }]
        : [
            visible,
            age,
            {
              id: 'waiting',
              label: 'Seconds that hints have waited',
              expression: 'IF(visible > 0, age + 1, 0)',
              returnData: true,
            },
          ],
    alarmActions: out.map(({ arn }) => arn),
  })

  const none: readonly Step[] = [{ from: Number.NEGATIVE_INFINITY, to: 0, change: 0 }]
  const away = [
    policy('In', first, 'ExactCapacity', 60, none),
    ...(second === null ? [] : [policy('FallbackIn', second, 'ExactCapacity', 60, none)]),
  ]
  new aws.cloudwatch.MetricAlarm(`${name}Idle`, {
    name: `${prefix}-${name}Idle`,
    alarmDescription: 'Nothing waits and nothing is worked on: takes every prover away.',
    comparisonOperator: 'LessThanThreshold',
    threshold: 1,
    evaluationPeriods: IDLE_MINUTES,
    // A queue that nobody calls has no metrics.
    treatMissingData: 'breaching',
    metricQueries: [
      visible,
      inFlight,
      { id: 'work', label: 'Waiting or worked on', expression: 'visible + inflight', returnData: true },
    ],
    alarmActions: away.map(({ arn }) => arn),
  })
}
