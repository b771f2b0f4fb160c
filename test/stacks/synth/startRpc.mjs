// Stands for the server inside the `sst` command that components call.
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { extname, join, resolve } from 'node:path'
import * as esbuild from 'esbuild'
import { ACCOUNT, REGION } from './mocks.mjs'

const MAX_BODY_BYTES = 16 * 2 ** 20

/** @returns the server's address, on the loopback alone; it ends with the process */
export async function startRpc({ root, bundle = true }) {
  const work = mkdtempSync(join(tmpdir(), 'w3b-synth-bundles-'))
  process.on('exit', () => rmSync(work, { recursive: true, force: true }))
  const methods = {
    'Provider.Aws.Bootstrap': () => ({
      version: 1,
      asset: 'sst-asset',
      state: 'sst-state',
      assetEcrRegistryId: ACCOUNT,
      assetEcrUrl: `${ACCOUNT}.dkr.ecr.${REGION}.amazonaws.com/sst-asset`,
    }),
    'Provider.Aws.Appsync': () => ({ http: 'http', realtime: 'realtime' }),
    'Runtime.Build': (request) => buildHandler(request, { root, work, bundle }),
  }
  const server = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) {
      body += chunk
      if (body.length > MAX_BODY_BYTES) return response.writeHead(413).end()
    }
    const { method, params } = JSON.parse(body)
    try {
      if (!(method in methods)) throw new Error(`The method ${method} is not known here.`)
      response.end(JSON.stringify({ result: await methods[method](params[0]) }))
    } catch (error) {
      response.end(JSON.stringify({ error: String(error.message ?? error) }))
    }
  })
  server.unref()
  await new Promise((done) => server.listen(0, '127.0.0.1', done))
  return `http://127.0.0.1:${server.address().port}`
}

/** Bundles a handler, so that a broken import or a missing export is an error here and not in the cloud. */
async function buildHandler({ functionID, handler, runtime, properties, bundle: folder }, { root, work, bundle }) {
  const out = join(work, functionID)
  mkdirSync(out, { recursive: true })
  if (folder && bundle)
    return {
      handler,
      out: resolve(root, folder),
      errors: await missingExport(resolve(root, folder), handler),
      sourcemaps: [],
    }
  const worker = runtime === 'worker'
  const name = worker ? 'handler' : extname(handler).slice(1)
  const stem = handler.slice(0, -extname(handler).length)
  const file = ['.ts', '.tsx', '.mts', '.js', '.mjs']
    .map((ext) => resolve(root, stem + ext))
    .find((one) => existsSync(one))
  const result = { handler: worker ? 'bundle.mjs' : `bundle.${name}`, out, errors: [], sourcemaps: [] }
  if (!bundle) {
    writeFileSync(join(out, 'bundle.mjs'), '')
    return result
  }
  if (file === undefined) return { ...result, errors: [`${handler}: there is no such file.`] }
  const build = await esbuild
    .build({
      entryPoints: [file],
      outfile: join(out, 'bundle.mjs'),
      bundle: true,
      format: 'esm',
      target: 'esnext',
      minify: properties?.minify === true,
      mainFields: ['module', 'main'],
      metafile: true,
      logLevel: 'silent',
      ...(worker
        ? { platform: 'browser', conditions: ['workerd', 'worker', 'browser'], external: ['node:*', 'cloudflare:*'] }
        : { platform: 'node', external: ['sharp', 'pg-native'] }),
    })
    .catch((error) => error)
  const errors = build.errors.map(({ text, location }) => `${location?.file ?? handler}: ${text}`)
  const wanted = worker ? 'default' : name
  if (errors.length === 0 && !Object.values(build.metafile.outputs)[0]?.exports.includes(wanted))
    errors.push(`${handler}: it exports no ${wanted}.`)
  return { ...result, errors }
}

/** What is wrong with a bundle that is deployed as it is. */
async function missingExport(folder, handler) {
  const name = extname(handler).slice(1)
  const file = resolve(folder, `${handler.slice(0, -name.length - 1)}.mjs`)
  if (!existsSync(file)) return [`${file}: there is no such file.`]
  const { metafile } = await esbuild.build({ entryPoints: [file], format: 'esm', metafile: true, write: false })
  return Object.values(metafile.outputs)[0]?.exports.includes(name) ? [] : [`${file}: it exports no ${name}.`]
}
