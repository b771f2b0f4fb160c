// Bundles the deployed units into functions/dist/bundles: `node functions/build.mjs [unit…]`. Prints their sizes; `sizes.json` beside them names what is inside.
import { mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import { openApiDocument } from '../packages/http/src/openapi/openApiDocument.ts'

const folder = fileURLToPath(new URL('.', import.meta.url))
const out = `${folder}dist/bundles`

/** Builds of the packages for browsers: the smaller ones, which need nothing of Node. */
const edge = {
  platform: 'neutral',
  conditions: ['browser', 'worker', 'import'],
  mainFields: ['browser', 'module', 'main'],
}

const node = {
  platform: 'node',
  target: 'node24',
  mainFields: ['module', 'main'],
  // Packages in CommonJS ask for Node's own modules.
  banner: { js: "import{createRequire as w3bRequire}from'node:module';const require=w3bRequire(import.meta.url);" },
}

/** Puts the finished OpenAPI document in the place of what makes it, and with that a schema library of 400 KB. */
const finishedDocument = {
  name: 'finished OpenAPI document',
  setup({ onLoad }) {
    onLoad({ filter: /\/http\/src\/openapi\/openApiDocument\.ts$/ }, () => ({
      contents: `export const openApiDocument = () => ${JSON.stringify(openApiDocument())}`,
    }))
  },
}

/** Each unit's entry, and how it is built. */
export const units = {
  ingest: { entry: 'ingest/lambda.ts', ...edge, target: 'node24' },
  worker: { entry: 'ingest/worker.ts', ...edge, target: 'es2024' },
  segments: { entry: 'sequencer/segments.ts', ...node },
  sequencer: { entry: 'sequencer/sequence.ts', ...node },
  settler: { entry: 'settler/settle.ts', ...node },
}

/**
 * Bundles one unit into one minified module.
 * @returns its bytes, and the bytes of each package in it
 */
export async function bundle(name) {
  const { entry, ...how } = units[name]
  const outfile = `${out}/${name}/index.mjs`
  const { metafile, outputFiles } = await build({
    ...how,
    absWorkingDir: folder,
    entryPoints: [entry],
    outfile,
    bundle: true,
    format: 'esm',
    minify: true,
    plugins: [finishedDocument],
    legalComments: 'none',
    metafile: true,
    write: false,
    logLevel: 'silent',
  })
  const [file] = outputFiles
  mkdirSync(`${out}/${name}`, { recursive: true })
  // Whoever reads it meanwhile, or builds it too, finds it whole.
  const partial = `${outfile}.${process.pid}`
  writeFileSync(partial, file.contents)
  renameSync(partial, outfile)
  const [output] = Object.values(metafile.outputs)
  const packages = {}
  for (const [path, { bytesInOutput }] of Object.entries(output.inputs)) {
    const part = packageOf(path)
    packages[part] = (packages[part] ?? 0) + bytesInOutput
  }
  return {
    name,
    file: outfile,
    bytes: file.contents.length,
    gzipped: gzipSync(file.contents).length,
    imports: [...new Set(output.imports.map(({ path }) => path))].sort(),
    packages: Object.fromEntries(Object.entries(packages).sort(([, a], [, b]) => b - a)),
  }
}

const packageOf = (path) =>
  path.match(/.*node_modules\/((?:@[^/]+\/)?[^/]+)/)?.[1] ?? path.match(/packages\/([^/]+)/)?.[1] ?? 'functions'

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const names = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(units)
  const unknown = names.filter((name) => !(name in units))
  if (unknown.length > 0) {
    console.error(`No such unit: ${unknown.join(', ')}. Units: ${Object.keys(units).join(', ')}`)
    process.exit(2)
  }
  const sizes = []
  for (const name of names) sizes.push(await bundle(name))
  for (const { name, bytes, gzipped, packages } of sizes) {
    const parts = Object.entries(packages).slice(0, 6)
    console.log(
      `${name.padEnd(10)} ${String(Math.ceil(bytes / 1000)).padStart(5)} KB, ${String(Math.ceil(gzipped / 1000)).padStart(4)} KB gzipped: ${parts.map(([part, size]) => `${part} ${Math.ceil(size / 1000)}`).join(', ')}`,
    )
  }
  writeFileSync(`${out}/sizes.json`, `${JSON.stringify(sizes, null, 2)}\n`)
}
