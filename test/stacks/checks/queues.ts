import { at, type Check, environmentOf, jsonAt, listAt, nameOfArn, numberAt, ofType, textAt } from './graphOf.ts'

const FORTNIGHT_S = 14 * 86_400
const DAY_S = 86_400

/** Every queue has dead letters that outlive it, and shows no hint twice while one may still be worked on. */
export const checkQueues: Check = (graph) => {
  const problems: string[] = []
  const queues = ofType(graph, 'aws:sqs/queue:Queue')
  const byName = new Map(queues.map((queue) => [textAt(queue.inputs, 'name'), queue]))
  const functions = new Map(ofType(graph, 'aws:lambda/function:Function').map((fn) => [textAt(fn.inputs, 'name'), fn]))
  const visibility = (name: string) => numberAt(byName.get(name)?.inputs, 'visibilityTimeoutSeconds')

  const isDead = (name: string) => /DeadLetters/.test(name)
  for (const { name, inputs } of queues) {
    if (at(inputs, 'sqsManagedSseEnabled') !== true) problems.push(`${name} is not encrypted`)
    if (numberAt(inputs, 'messageRetentionSeconds') !== FORTNIGHT_S) problems.push(`${name} does not keep for 14 days`)
    const redrive = jsonAt(inputs, 'redrivePolicy')
    if (isDead(name)) {
      if (redrive !== undefined) problems.push(`${name} gives up what was given up`)
      continue
    }
    const target = nameOfArn(textAt(redrive, 'deadLetterTargetArn'))
    if (!byName.has(target) || !isDead(target)) problems.push(`${name} has no dead letters`)
    // Steps give a hint back up to three times before they drop it themselves.
    if (!(numberAt(redrive, 'maxReceiveCount') > 3)) problems.push(`${name} gives up before its consumer does`)
  }

  for (const { name, inputs } of ofType(graph, 'aws:lambda/eventSourceMapping:EventSourceMapping')) {
    const source = textAt(inputs, 'eventSourceArn')
    const fn = functions.get(nameOfArn(textAt(inputs, 'functionName')))
    if (fn === undefined) problems.push(`${name} feeds no function`)
    if (!listAt(inputs, 'functionResponseTypes').includes('ReportBatchItemFailures'))
      problems.push(`${name} takes a whole batch back for one failure`)
    if (source.includes(':sqs:')) {
      const least = 6 * numberAt(fn?.inputs, 'timeout')
      if (!(visibility(nameOfArn(source)) >= least))
        problems.push(`${name}: its queue's visibility is below ${least} s`)
    } else problems.push(...streamProblems(name, inputs, byName))
  }

  // Queues that are asked by whoever works on them.
  for (const unit of [...functions.values(), ...ofType(graph, 'aws:ecs/taskDefinition:TaskDefinition')]) {
    const environment = environmentOf(unit)
    const nameOf = (variable: string) => nameOfArn(environment[variable] ?? '')
    const limits = at(JSON.parse(environment.W3B_CONFIG ?? '{}'), 'limits')
    const proofS = (numberAt(limits, 'proveTimeoutMs') || 600_000) / 1_000
    for (const variable of ['W3B_QUEUE_PROVE', 'W3B_QUEUE_PROVE_GPU'])
      if (environment[variable] !== undefined && !(visibility(nameOf(variable)) > proofS))
        problems.push(`${nameOf(variable)}: its visibility is not above the ${proofS} s of a proof`)
    if (environment.W3B_QUEUE_GAPS !== undefined) {
      const least = 6 * numberAt(unit.inputs, 'timeout')
      if (!(visibility(nameOf('W3B_QUEUE_GAPS')) >= least))
        problems.push(`${nameOf('W3B_QUEUE_GAPS')}: its visibility is below ${least} s`)
    }
  }
  return problems
}

function streamProblems(name: string, inputs: unknown, queues: ReadonlyMap<string, unknown>): string[] {
  const wanted: readonly (readonly [string, boolean])[] = [
    ['reads more or less than 1,000 records at once', numberAt(inputs, 'batchSize') === 1_000],
    ['waits for more than a second', numberAt(inputs, 'maximumBatchingWindowInSeconds') <= 1],
    ['reads a shard by several at once', numberAt(inputs, 'parallelizationFactor') === 1],
    ['does not split a batch that fails', at(inputs, 'bisectBatchOnFunctionError') === true],
    ['tries for ever', numberAt(inputs, 'maximumRetryAttempts') > 0],
    [
      'leaves no time to repair before the stream forgets',
      numberAt(inputs, 'maximumRecordAgeInSeconds') > 0 && numberAt(inputs, 'maximumRecordAgeInSeconds') <= DAY_S / 2,
    ],
    [
      'does not tell of what it left out',
      queues.has(nameOfArn(textAt(inputs, 'destinationConfig', 'onFailure', 'destinationArn'))),
    ],
    [
      'is called for more than new items',
      textAt(inputs, 'filterCriteria', 'filters', 0, 'pattern') === '{"eventName":["INSERT"]}',
    ],
    ['starts behind what was written before it', at(inputs, 'startingPosition') === 'TRIM_HORIZON'],
  ]
  return wanted.flatMap(([problem, isRight]) => (isRight ? [] : [`${name} ${problem}`]))
}
