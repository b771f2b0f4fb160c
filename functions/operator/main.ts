import { pathToFileURL } from 'node:url'
import { systemClock } from '@w3bstream/core'
import { W3bError } from '@w3bstream/protocol'
import { readAwsEnvironment } from '@w3bstream/store-aws'
import { sdkAws } from '@w3bstream/store-aws/sdk'
import * as z from 'zod'
import { openKey } from '../shared/openKey.ts'
import { readSecret } from '../shared/readSecret.ts'
import { operate } from './operate.ts'

const configured = z.object({ aws: z.object({ region: z.string() }) })

/** Where `w3b.config.ts` says that the stage is; AWS_REGION may say otherwise. */
async function regionOf(stage: string): Promise<string> {
  const { default: config } = await import(pathToFileURL(`${import.meta.dirname}/../../w3b.config.ts`).href)
  return configured.parse(config(stage)).aws.region
}

try {
  const args = process.argv.slice(2)
  const stage = args[args.indexOf('--stage') + 1] ?? ''
  const options = readAwsEnvironment({ AWS_REGION: await regionOf(stage), ...process.env })
  const aws = sdkAws(options)
  const said = await operate(
    {
      aws,
      clock: systemClock,
      readParameter: (name) => readSecret(options, name),
      openKey: (id) => openKey(options, id),
    },
    args,
  )
  console.log(said)
  process.exit(0)
} catch (error) {
  console.error(error instanceof W3bError ? error.message : error)
  process.exit(1)
}
