// Bundles sst.config.ts twice, as `sst` does: for app(), and for run() with the components and providers in scope.
import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import * as esbuild from 'esbuild'

const banner = `import { createRequire as topLevelCreateRequire } from 'module'
const require = topLevelCreateRequire(import.meta.url)
import { fileURLToPath as topLevelFileUrlToPath, URL as topLevelURL } from "url"
const __filename = topLevelFileUrlToPath(import.meta.url)
const __dirname = topLevelFileUrlToPath(new topLevelURL(".", import.meta.url))
`

const external = [
  '@pulumi/*',
  '@pulumiverse/*',
  '@sst-provider/*',
  '@aws-sdk/*',
  'undici',
  'esbuild',
  'archiver',
  'glob',
  'vite',
]

const base = (platform) => ({
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'esnext',
  mainFields: ['module', 'main'],
  external,
  nodePaths: [join(platform, 'node_modules')],
  logLevel: 'silent',
})

/** Puts another configuration where w3b.config.ts is imported. */
const useConfig = ({ root, config }) => ({
  name: 'config',
  setup(build) {
    if (config === undefined) return
    const stacks = join(root, 'stacks/')
    const path = join(root, config)
    // Alone where the stacks ask for it: one configuration may begin with the other.
    build.onResolve({ filter: /\/w3b\.config\.ts$/ }, ({ importer }) => (importer.startsWith(stacks) ? { path } : null))
  },
})

/** Leaves the functions' bundles as they are. */
const keepBundles = ({ bundle = true }) => ({
  name: 'bundles',
  setup(build) {
    if (bundle) return
    build.onLoad({ filter: /\/stacks\/bundles\.ts$/ }, () => ({ contents: '', loader: 'ts' }))
  },
})

/** Puts the components and each provider before every file of the program. */
const globals = ({ root, platform }) => {
  const lock = JSON.parse(readFileSync(join(platform, '../provider-lock.json'), 'utf8'))
  const imports = [
    ...lock.map(({ alias, package: name }) => `import * as ${alias} from "${name}";`),
    `import * as sst from "${platform}/src/components";`,
  ].join('')
  return {
    name: 'globals',
    setup(build) {
      build.onLoad({ filter: /\.[jt]sx?$/ }, ({ path }) => {
        if (path.startsWith(platform) || path.startsWith(join(root, '.sst')) || path.includes('node_modules')) return
        return { contents: imports + readFileSync(path, 'utf8'), loader: 'default' }
      })
    },
  }
}

/** Imports a bundle from inside the platform, where the providers' packages are found. */
async function load(platform, name, options) {
  const outfile = join(platform, `synth.${name}.${process.pid}.mjs`)
  process.on('exit', () => rmSync(outfile, { force: true }))
  await esbuild.build({ ...base(platform), ...options, outfile })
  return (await import(pathToFileURL(outfile).href)).default
}

/** @returns what app() says of the stage */
export const bundleApp = (options) =>
  load(options.platform, 'app', {
    banner: { js: `${banner}function $config(input) { return input }` },
    plugins: [useConfig(options)],
    stdin: {
      contents: `import config from "${options.root}/sst.config.ts"
export default await config.app({ stage: ${JSON.stringify(options.stage)} })`,
      resolveDir: options.root,
      loader: 'ts',
    },
  })

/** @returns run(), to be called in a Pulumi stack */
export const bundleRun = (options, app) => {
  const { platform, root } = options
  const work = join(root, '.sst')
  return load(platform, 'run', {
    banner: { js: banner },
    plugins: [useConfig(options), keepBundles(options), globals(options)],
    inject: [join(platform, 'src/shim/run.js')],
    define: {
      $app: JSON.stringify(app),
      $cli: JSON.stringify({
        command: 'deploy',
        dev: false,
        state: { version: {} },
        paths: { home: work, root, work, platform },
      }),
      $dev: 'false',
    },
    stdin: {
      contents: `import { run } from "${platform}/src/auto/run.ts"
import config from "${root}/sst.config.ts"
export default () => run(config.run)`,
      resolveDir: root,
      loader: 'ts',
      sourcefile: 'eval.ts',
    },
  })
}
