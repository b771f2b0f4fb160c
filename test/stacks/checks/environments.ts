import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { readIngestConfig } from '../../../functions/ingest/readIngestConfig.ts'
import { homeChain } from '../../../functions/shared/homeChain.ts'
import { readEnvironment, type Unit } from '../../../functions/shared/readEnvironment.ts'
import { type Check, environmentOf, ofType } from './graphOf.ts'

const SOURCE = readFileSync(join(import.meta.dirname, '../../../functions/shared/readVariables.ts'), 'utf8')

/** Which unit runs in a resource. */
const UNITS: Readonly<Record<string, Unit>> = {
  IngestFunction: 'ingest',
  IngestScript: 'edge',
  SegmentsFunction: 'segments',
  SequencerFunction: 'sequencer',
  SettlerFunction: 'settler',
  ProverTask: 'prover',
  GpuProverTask: 'prover',
  NodeTask: 'node',
}

/** Each unit is told what it reads, and nothing else. */
export const checkEnvironments: Check = (graph) => {
  const problems: string[] = []
  for (const type of [
    'aws:lambda/function:Function',
    'aws:ecs/taskDefinition:TaskDefinition',
    'cloudflare:index/workersScript:WorkersScript',
  ])
    for (const resource of ofType(graph, type)) {
      const unit = UNITS[resource.name]
      if (unit === undefined) {
        problems.push(`${resource.name} is no unit`)
        continue
      }
      const environment = environmentOf(resource)
      try {
        homeChain(readEnvironment(unit, environment).config)
        if (unit === 'ingest' || unit === 'edge') readIngestConfig(JSON.parse(environment.W3B_CONFIG ?? ''))
      } catch (error) {
        problems.push(`${resource.name}: ${error instanceof Error ? error.message : String(error)}`)
      }
      // What a unit has read once stays with it as long as its settings do.
      if (!/^\d+(?:\.\d+)*$/.test(environment.W3B_SECRETS_VERSION ?? ''))
        problems.push(`${resource.name} goes on with a secret that was changed`)
      for (const name of Object.keys(environment))
        if (name.startsWith('W3B_') && !SOURCE.includes(`'${name.replace(/_DLQ$/, '')}'`))
          problems.push(`${resource.name} is told ${name}, which nothing reads`)
      // Lambda tells a function its region; ECS on instances tells nobody.
      if (type !== 'aws:lambda/function:Function' && environment.AWS_REGION === undefined)
        problems.push(`${resource.name} does not know its region`)
    }
  return problems
}
