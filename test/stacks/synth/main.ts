import { readFileSync, writeFileSync } from 'node:fs'
import { relative, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { PlatformUnavailableError } from './preparePlatform.ts'
import { SynthError, synthesise } from './synthesise.ts'

const USAGE = 'npm run synth -- --stage STAGE --out FILE [--config FILE] [--secrets FILE] [--format N] [--no-bundle]'

const root = resolve(import.meta.dirname, '../../..')

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
  const graph = await synthesise({
    stage,
    bundle: !noBundle,
    ...(config === undefined ? {} : { config: relative(root, resolve(config)) }),
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
