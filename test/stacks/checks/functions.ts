import { at, type Check, environmentOf, nameOfArn, numberAt, ofType, textAt } from './graphOf.ts'

const LEGAL_RETENTION = [1, 3, 5, 7, 14, 30, 60, 90, 180, 365]
/** Lambda takes so many bytes of environment; source: its quotas. */
const MAX_ENVIRONMENT_BYTES = 4_096
/** What `publicConfig` may take of them. */
const MAX_CONFIG_BYTES = 1_900

/** Functions have legal sizes, logs that end and cost little, and only ingest has a URL, which streams. */
export const checkFunctions: Check = (graph) => {
  const problems: string[] = []
  const groups = new Map(
    ofType(graph, 'aws:cloudwatch/logGroup:LogGroup').map((one) => [textAt(one.inputs, 'name'), one]),
  )
  const functions = ofType(graph, 'aws:lambda/function:Function')
  for (const fn of functions) {
    const { name, inputs } = fn
    const legal: readonly (readonly [string, boolean])[] = [
      ['has no legal timeout', isWhole(numberAt(inputs, 'timeout'), 1, 900)],
      ['has no legal memory', isWhole(numberAt(inputs, 'memorySize'), 128, 10_240)],
      ['runs on something else', at(inputs, 'runtime') === 'nodejs24.x'],
      ['runs on x86', JSON.stringify(at(inputs, 'architectures')) === '["arm64"]'],
      ['writes logs as text', at(inputs, 'loggingConfig', 'logFormat') === 'JSON'],
      ['lets the platform write about each call', at(inputs, 'loggingConfig', 'systemLogLevel') === 'WARN'],
      ['has no log group of its own', groups.has(textAt(inputs, 'loggingConfig', 'logGroup'))],
      [
        'has too large an environment',
        bytesOf(environmentOf(fn)) - (environmentOf(fn).W3B_CONFIG ?? '').length + MAX_CONFIG_BYTES <
          MAX_ENVIRONMENT_BYTES,
      ],
    ]
    problems.push(...legal.flatMap(([problem, isRight]) => (isRight ? [] : [`${name} ${problem}`])))
  }
  for (const { name, inputs } of groups.values())
    if (!LEGAL_RETENTION.includes(numberAt(inputs, 'retentionInDays'))) problems.push(`${name} has no legal retention`)
  const concurrency = (name: string) =>
    numberAt(functions.find((fn) => fn.name === name)?.inputs, 'reservedConcurrentExecutions')
  if (!(concurrency('SettlerFunction') >= 2)) problems.push('SettlerFunction has no bounded concurrency')
  for (const { name, inputs } of ofType(graph, 'aws:lambda/functionUrl:FunctionUrl')) {
    if (name !== 'IngestUrl') problems.push(`${name} should not be`)
    if (at(inputs, 'invokeMode') !== 'RESPONSE_STREAM') problems.push(`${name} does not stream`)
    if (at(inputs, 'authorizationType') !== 'NONE') problems.push(`${name} asks devices for AWS signatures`)
  }
  const rules = ofType(graph, 'aws:cloudwatch/eventRule:EventRule').map(({ inputs }) =>
    textAt(inputs, 'scheduleExpression'),
  )
  if (JSON.stringify(rules) !== '["rate(1 minute)"]') problems.push('the sequencer does not run each minute')
  for (const { name, inputs } of ofType(graph, 'aws:cloudwatch/eventTarget:EventTarget')) {
    const target = nameOfArn(textAt(inputs, 'arn'))
    if (!functions.some((fn) => textAt(fn.inputs, 'name') === target)) problems.push(`${name} calls nothing`)
    const timeout = numberAt(functions.find((fn) => textAt(fn.inputs, 'name') === target)?.inputs, 'timeout')
    if (!(timeout < 60)) problems.push(`${name}: a run may not end before the next`)
  }
  const traces = ofType(graph, 'aws:xray/samplingRule:SamplingRule')
  if (
    traces.length !== 1 ||
    !(numberAt(traces[0]?.inputs, 'fixedRate') <= 0.01) ||
    at(traces[0]?.inputs, 'reservoirSize') !== 0
  )
    problems.push('more than one request in a hundred is traced')
  return problems
}

const isWhole = (value: number, least: number, most: number) =>
  Number.isInteger(value) && value >= least && value <= most

/** As JSON, which is more than AWS counts. */
const bytesOf = (environment: Readonly<Record<string, string>>) => JSON.stringify(Object.entries(environment)).length
