import { readFileSync, writeFileSync } from 'node:fs'
import { relative, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { PlatformUnavailableError } from './preparePlatform.ts'
import { SynthError, synthesise } from './synthesise.ts'

const USAGE = 'npm run synth -- --stage STAGE --out FILE [--config FILE] [--secrets FILE] [--format N] [--no-bundle]'

const root = resolve(import.meta.dirname, '../../..')

/** `w3b.config.ts` with contracts that are nowhere: the graph can be looked at before there are any. */
const WITHOUT_CONTRACTS = 'test/stacks/variants/shipped.ts'

/** Whether `w3b.config.ts` is as it comes: no chain of the stage has contracts yet. What else may be wrong with it is found when it is used. */
async function lacksContracts(stage: string): Promise<boolean> {
  try {
    const { default: configOf } = await import('../../../w3b.config.ts')
    return configOf(stage).chains.every(({ contracts }) => contracts === null)
  } catch {
    return false
  }
}

function readOptions() {
  const { values } = parseArgs({
    options: {
      stage: { type: 'string' },
      out: { type: 'string' },
      config: { type: 'string' },
      secrets: { type: 'string' },
      format: { type: 'string' },
      'no-bundle': { type: 'boolean', default: false },
    },
  })
  return values
}

try {
  const { stage, out, config, secrets, format, 'no-bundle': noBundle } = readOptions()
  if (stage === undefined || out === undefined) throw new Error(`Usage: ${USAGE}`)
  const placeholders = config === undefined && (await lacksContracts(stage))
  if (placeholders)
    console.error('w3b.config.ts names no contracts yet: placeholders stand in their place. A deploy would be refused.')
  const chosen = placeholders ? WITHOUT_CONTRACTS : config
  const graph = await synthesise({
    stage,
    bundle: !noBundle,
    ...(chosen === undefined ? {} : { config: relative(root, resolve(chosen)) }),
    ...(format === undefined ? {} : { parameters: { [`/w3bstream/${stage}/data/format`]: format } }),
    ...(secrets === undefined ? {} : { secrets: JSON.parse(readFileSync(secrets, 'utf8')) }),
  })
  writeFileSync(out, `${JSON.stringify(graph, null, 1)}\n`)
  const created = graph.resources.filter(({ custom }) => custom).length
  console.log(`${created} resources in ${graph.resources.length - created} components, stage ${stage}: ${out}`)
} catch (error) {
  if (error instanceof SynthError || error instanceof PlatformUnavailableError || error instanceof Error)
    console.error(error.message)
  process.exitCode = 1
}
