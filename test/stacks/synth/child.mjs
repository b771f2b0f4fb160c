// Runs sst.config.ts in a process of its own, since Pulumi's mocks are the whole process's. What `sst` does around it is in the files beside.
import { writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { bundleApp, bundleRun } from './bundleConfig.mjs'
import { answer, createResource, REGION } from './mocks.mjs'
import { recordResources } from './recordResources.mjs'
import { startRpc } from './startRpc.mjs'

const options = JSON.parse(process.argv[2] ?? '{}')
const { root, platform, stage, out } = options
const require = createRequire(join(platform, 'package.json'))
const pulumi = require('@pulumi/pulumi')

process.chdir(root)
const { resources, keep } = recordResources(require)
const unanswered = new Set()
const errors = []
let app
let outputs = {}

function finish() {
  const order = (a, b) => (a.type + a.name < b.type + b.name ? -1 : 1)
  const graph = { stage, app, outputs, resources: resources.sort(order), unanswered: [...unanswered], errors }
  writeFileSync(out, JSON.stringify(graph, null, 1))
  process.exit(errors.length > 0 ? 1 : 0)
}

// An apply() that fails leaves what depends on it pending for ever: what else fails in the same moment is still heard.
const fail = (error) => {
  const text = String(error?.message ?? error)
  if (!errors.includes(text)) errors.push(text)
  setTimeout(finish, 250)
}
process.on('unhandledRejection', fail)
process.on('uncaughtException', fail)

try {
  app = { ...(await bundleApp(options)), stage }
  const secrets = options.secrets ?? (await dummySecrets())
  for (const [name, value] of Object.entries(secrets)) process.env[`SST_SECRET_${name}`] = value
  process.env.SST_AWS_REGION = REGION
  process.env.SST_SERVER = await startRpc(options)
  await pulumi.runtime.setMocks(
    {
      newResource: (args) => createResource(args),
      call: (args) => answer(args, options.parameters ?? {}, unanswered),
    },
    app.name,
    stage,
    false,
    'organization',
  )
  const run = await bundleRun(options, app)
  outputs = keep((await pulumi.runtime.runInPulumiStack(run)) ?? {})
  // What apply() registers comes later: until nothing does.
  const { waitForRPCs } = require('@pulumi/pulumi/runtime/settings')
  for (let seen = -1; seen !== resources.length; ) {
    seen = resources.length
    await waitForRPCs()
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  outputs = await resolved(outputs)
  finish()
} catch (error) {
  fail(error)
}

/** A value for each secret, to be looked for where it must not be. */
async function dummySecrets() {
  const { default: configOf } = await import(join(root, options.config ?? 'w3b.config.ts'))
  const urls = configOf(stage).chains.map(({ chainId }) => [chainId, ['https://rpc.example/dummy-secret-RpcUrls']])
  const names = ['CredentialKey', 'SequencerKey', 'ProverKey', 'SettlerKey']
  return {
    RpcUrls: JSON.stringify(Object.fromEntries(urls)),
    ...Object.fromEntries(names.map((name) => [name, `dummy-secret-${name}`])),
  }
}

/** @returns the values of a program's outputs */
async function resolved(values) {
  const entries = Object.entries(values).map(async ([key, value]) => [
    key,
    value !== null && typeof value === 'object' && typeof value.promise === 'function' ? await value.promise() : value,
  ])
  return Object.fromEntries(await Promise.all(entries))
}
