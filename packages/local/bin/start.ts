import { parseArgs } from 'node:util'
import { W3bError } from '@w3bstream/protocol'
import { runDemo } from '../src/runDemo.ts'

const USAGE = 'npm start -- [--once] [--json] [--port 9000] [--data-dir .w3b]'

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
  const port = Number(values.port)
  if (!/^\d+$/.test(values.port) || port > 65_535) throw new TypeError('--port has to be a number from 0 to 65535')
  if (values.help) console.log(USAGE)
  // All is closed by then; only sockets that fetch keeps for later would hold the process.
  else process.exit(await runDemo({ once: values.once, json: values.json, port, dataDir: values['data-dir'] }))
} catch (error) {
  if (error instanceof W3bError) {
    console.error(error.hint === undefined ? error.message : `${error.message} ${error.hint}`)
    process.exitCode = 1
  } else if (error instanceof TypeError) {
    console.error(`${error.message}\nUsage: ${USAGE}`)
    process.exitCode = 2
  } else throw error
}
