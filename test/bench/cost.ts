import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { synthesise } from '../stacks/synth/synthesise.ts'
import { startDeployed } from './cost/Deployed.ts'
import { measure } from './cost/measure.ts'
import { entries } from './cost/prices.ts'
import { type Item, missed, report } from './cost/report.ts'

const USAGE = 'npm run bench:cost -- [--messages 1000] [--json FILE]'

/** Runs messages through the real units on emulators, prints what AWS would bill, and gives the exit code: 1 where a target is missed. */
async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      messages: { type: 'string', default: '1000' },
      json: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) {
    console.log(USAGE)
    return 0
  }
  const messages = Number(values.messages)
  if (!Number.isSafeInteger(messages) || messages < 100) throw new UsageError('--messages has to be 100 or more')
  const say = (line: string): void => console.error(`  ${line}`)
  const dir = mkdtempSync(join(tmpdir(), 'w3b-cost-'))
  try {
    say('the deployment graph')
    const config = 'test/stacks/variants/shipped.ts'
    const withNode = await synthesise({ stage: 'production', config, bundle: false })
    const withoutNode = await synthesise({ stage: 'dev', config, bundle: false })
    say('emulators and a chain')
    const deployed = await startDeployed(dir)
    try {
      const measured = await measure(deployed, { messages, nodeSeconds: 30, say })
      const result = report(measured, { withNode, withoutNode })
      console.log(`List prices of ${result.prices.region}, ${result.prices.date}\n`)
      for (const item of result.items) print(item)
      console.log(`\n${result.assumptions.map((line) => `* ${line}`).join('\n')}`)
      if (values.json !== undefined)
        writeFileSync(values.json, `${JSON.stringify({ at: new Date().toISOString(), ...result }, null, 2)}\n`)
      return missed(result).length === 0 ? 0 : 1
    } finally {
      await deployed.stop()
    }
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}

class UsageError extends Error {}

const count = new Intl.NumberFormat('en', { notation: 'compact', maximumSignificantDigits: 4 })

/** Dollars, and the requests and units that they are for. */
function print({ name, per, dollars, atMost, parts, usage, writeUnits }: Item): void {
  const met = atMost === null ? '' : `<= $${atMost.toFixed(2)}  ${dollars <= atMost ? 'met' : 'MISSED'}`
  console.log(`${name.padEnd(40)} ${`$${dollars.toFixed(3)}`.padStart(10)} a ${per.padEnd(18)} ${met}`)
  if (writeUnits !== undefined)
    console.log(
      `    ${writeUnits.entrance.toFixed(3)} write units a message, ${writeUnits.withOrder.toFixed(3)} with the log`,
    )
  const most = Object.entries(parts)
    .sort(([, a], [, b]) => b - a)
    .filter(([, part]) => part >= 0.0005)
    .map(
      ([price, part]) =>
        `${price} ${count.format(new Map<string, number>(entries(usage)).get(price) ?? 0)} = $${part.toFixed(3)}`,
    )
  console.log(`    ${most.join(', ')}`)
}

try {
  process.exitCode = await main()
} catch (error) {
  // parseArgs throws TypeErrors with a code.
  if (!(error instanceof UsageError || (error instanceof TypeError && 'code' in error))) throw error
  console.error(`${error.message}\nUsage: ${USAGE}`)
  process.exitCode = 2
}
