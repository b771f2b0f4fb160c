import { METRICS, NAMESPACE } from '../../../functions/shared/telemetry/metricNames.ts'
import type { Graph } from '../synth/synthesise.ts'
import { at, type Check, jsonAt, listAt, nameOfArn, numberAt, ofType, textAt } from './graphOf.ts'

/** Alarms that a person hears of. */
const WANTED = [
  'DeadLettersAlarm',
  'OldestMessageAlarm',
  'FailedSettlementsAlarm',
  'UnfundedAccountAlarm',
  'StalledListenerAlarm',
  'SilentSequencerAlarm',
  'StalledStreamAlarm',
]

/** Each metric of an alarm costs by the month. */
const MAX_ALARM_METRICS = 22
const MAX_ALARMS = 11

/** Metrics of AWS's own that are used here; source: the services' lists. */
const AWS_METRICS: Readonly<Record<string, readonly string[]>> = {
  'AWS/SQS': [
    'ApproximateNumberOfMessagesVisible',
    'ApproximateNumberOfMessagesNotVisible',
    'ApproximateAgeOfOldestMessage',
  ],
  'AWS/Lambda': ['Invocations', 'Errors', 'Duration', 'IteratorAge'],
  'AWS/ECS': ['CPUUtilization'],
}

/** Whether something in the graph writes a metric. */
function exists(graph: Graph, namespace: string, metric: string, dimension: string, value: string): boolean {
  const names = (type: string) => ofType(graph, type).map(({ inputs }) => textAt(inputs, 'name'))
  switch (namespace) {
    case 'AWS/SQS':
      return dimension === 'QueueName' && names('aws:sqs/queue:Queue').includes(value) && isOf(namespace, metric)
    case 'AWS/Lambda':
      return (
        dimension === 'FunctionName' && names('aws:lambda/function:Function').includes(value) && isOf(namespace, metric)
      )
    case 'AWS/ECS':
      return dimension === 'ClusterName' && names('aws:ecs/cluster:Cluster').includes(value) && isOf(namespace, metric)
    case NAMESPACE:
      return (
        dimension === 'service' &&
        METRICS[metric] !== undefined &&
        METRICS[metric].elsewhere === undefined &&
        METRICS[metric].labels === undefined &&
        ofType(graph, 'aws:lambda/function:Function').some(
          ({ name }) => `${graph.stage}-${name.replace(/Function$/, '').toLowerCase()}` === value,
        )
      )
    default:
      return false
  }
}

const isOf = (namespace: string, metric: string) => AWS_METRICS[namespace]?.includes(metric) === true

/** The alarms are there, look at metrics that are written, and do something. */
export const checkObservability: Check = (graph) => {
  const problems: string[] = []
  const alarms = ofType(graph, 'aws:cloudwatch/metricAlarm:MetricAlarm')
  const actions = new Set([
    ...ofType(graph, 'aws:sns/topic:Topic').map(({ inputs }) => textAt(inputs, 'name')),
    ...ofType(graph, 'aws:appautoscaling/policy:Policy').map(({ inputs }) => textAt(inputs, 'name')),
  ])
  for (const wanted of WANTED) if (!alarms.some(({ name }) => name === wanted)) problems.push(`there is no ${wanted}`)
  let metrics = 0
  for (const { name, inputs } of alarms) {
    const queries = listAt(inputs, 'metricQueries')
    if (queries.filter((query) => at(query, 'returnData') === true).length !== 1)
      problems.push(`${name} does not say what it compares`)
    for (const query of queries) {
      const metric = at(query, 'metric')
      if (metric === undefined) continue
      metrics++
      const [[dimension, value] = ['', '']] = Object.entries(at(metric, 'dimensions') ?? {})
      if (!exists(graph, textAt(metric, 'namespace'), textAt(metric, 'metricName'), dimension, String(value)))
        problems.push(`${name} looks at ${textAt(metric, 'metricName')} of ${value}, which nothing writes`)
    }
    const told = listAt(inputs, 'alarmActions').map((arn) => nameOfArn(String(arn)))
    if (told.length === 0 || !told.every((action) => actions.has(action))) problems.push(`${name} tells nobody`)
    if (!['breaching', 'notBreaching'].includes(textAt(inputs, 'treatMissingData')))
      problems.push(`${name} does not say what silence means`)
    if (!(numberAt(inputs, 'evaluationPeriods') >= 1)) problems.push(`${name} is never looked at`)
  }
  if (alarms.length > MAX_ALARMS || metrics > MAX_ALARM_METRICS)
    problems.push(`${alarms.length} alarms over ${metrics} metrics cost more than they should`)
  const silent = alarms.find(({ name }) => name === 'SilentSequencerAlarm')
  const succeeded = listAt(silent?.inputs, 'metricQueries').find((query) => at(query, 'returnData') === true)
  if (silent !== undefined && textAt(succeeded, 'expression') !== 'runs - FILL(errors, 0)')
    problems.push('SilentSequencerAlarm takes runs that fail for runs')
  // Every queue with dead letters is watched.
  const watched = JSON.stringify(alarms.find(({ name }) => name === 'DeadLettersAlarm')?.inputs ?? null)
  for (const { name, inputs } of ofType(graph, 'aws:sqs/queue:Queue'))
    if (name.includes('DeadLetters') && !watched.includes(`"${textAt(inputs, 'name')}"`))
      problems.push(`nobody hears of ${name}`)
  return [...problems, ...dashboardProblems(graph)]
}

function dashboardProblems(graph: Graph): string[] {
  const boards = ofType(graph, 'aws:cloudwatch/dashboard:Dashboard')
  if (boards.length !== 1) return ['there is no dashboard']
  const shown = listAt(jsonAt(boards[0]?.inputs, 'dashboardBody'), 'widgets').flatMap((widget) =>
    listAt(widget, 'properties', 'metrics').map((one) => listAt({ one }, 'one').map(String)),
  )
  const unwritten = shown.flatMap(([namespace = '', metric = '', dimension = '', value = '']) =>
    exists(graph, namespace, metric, dimension, value)
      ? []
      : [`the dashboard shows ${metric} of ${value}, which nothing writes`],
  )
  const services = ofType(graph, 'aws:ecs/service:Service').map(({ inputs }) => textAt(inputs, 'name'))
  const shownServices = shown.flatMap(([namespace, , , , , service = '']) => (namespace === 'AWS/ECS' ? [service] : []))
  const functions = ofType(graph, 'aws:lambda/function:Function').map(({ inputs }) => textAt(inputs, 'name'))
  const leftOut = [
    ...services.filter((one) => !shownServices.includes(one)),
    ...functions.flatMap((one) =>
      ['Invocations', 'Errors', 'Duration'].filter(
        (metric) => !shown.some(([, name, , value]) => name === metric && value === one),
      ),
    ),
  ]
  return [
    ...unwritten,
    ...leftOut.map((one) => `the dashboard leaves ${one} out`),
    ...shownServices
      .filter((one) => !services.includes(one))
      .map((one) => `the dashboard shows ${one}, which does not run`),
  ]
}
