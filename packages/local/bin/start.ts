import { parseArgs } from 'node:util'
import { W3bError } from '@w3bstream/protocol'
import { runDemo } from '../src/runDemo.ts'

const USAGE = 'npm start -- [--once] [--json] [--port 9000] [--data-dir .w3b]'

// All is closed by then; only sockets that fetch keeps for later would hold the process.
process.exit(await run())

/** @returns the exit code: 0; 1 where it failed; 2 where it was called wrongly */
async function run(): Promise<number> {
  const options = readOptions()
  if (typeof options === 'string') {
    console.error(`${options}\nUsage: ${USAGE}`)
    return 2
  }
  if (options.help) {
    console.log(USAGE)
    return 0
  }
  try {
    return await runDemo(options)
  } catch (error) {
    console.error(describe(error))
    return 1
  }
}

/** @returns what is wrong with the arguments, in words */
function readOptions() {
  try {
    const { values } = parseArgs({
      options: {
        once: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        port: { type: 'string', default: '9000' },
        'data-dir': { type: 'string', default: '.w3b' },
        help: { type: 'boolean', default: false },
      },
    })
    const { once, json, help, port, 'data-dir': dataDir } = values
    if (!/^[0-9]{1,5}$/.test(port) || Number(port) > 65_535) return '--port has to be a number from 0 to 65535'
    return { once, json, help, port: Number(port), dataDir }
  } catch (error) {
    if (error instanceof TypeError && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS_'))
      return error.message
    throw error
  }
}

/** One line: what happened and, where it says more, why. */
function describe(error: unknown): string {
  if (error instanceof W3bError) return error.hint === undefined ? error.message : `${error.message} ${error.hint}`
  if (!(error instanceof Error)) return String(error)
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message
}
