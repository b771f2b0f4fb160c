import { readFileSync } from 'node:fs'
import { z } from 'zod'

/** What is billed, by the names of the price list. */
export type PriceName =
  | 'dynamodb.write'
  | 'dynamodb.read'
  | 'dynamodb.storage'
  | 'dynamodb.recovery'
  | 'lambda.request'
  | 'lambda.compute'
  | 'internet.out'
  | 'cloudfront.request'
  | 'cloudfront.toOrigin'
  | 'cloudfront.toViewer'
  | 's3.put'
  | 's3.get'
  | 's3.storage'
  | 'sqs.request'
  | 'kms.key'
  | 'kms.asymmetric'
  | 'kms.request'
  | 'logs.ingest'
  | 'logs.storage'
  | 'cloudwatch.metric'
  | 'cloudwatch.alarmMetric'
  | 'cloudwatch.dashboard'
  | 'xray.trace'
  | 'fargate.vcpu'
  | 'fargate.memory'
  | 'ipv4.hour'
  | 'ecr.storage'

/** How much of each was used, in the price list's units. */
export type Usage = Partial<Readonly<Record<PriceName, number>>>

const price = z.object({
  dollars: z.number().positive(),
  per: z.number().positive(),
  unit: z.string().min(1),
  source: z.string().min(1),
})

const list = z
  .strictObject({
    region: z.string(),
    date: z.string().regex(/^\d{4}-\d{2}$/),
    currency: z.literal('USD'),
    about: z.string(),
    prices: z.record(z.string(), price),
    alwaysFree: z.record(z.string(), z.number()),
  })
  .parse(JSON.parse(readFileSync(new URL('../prices.json', import.meta.url), 'utf8')))

export const { region, date, alwaysFree } = list

/** What a use costs. @throws {RangeError} the list has no such price */
export function dollarsOf(name: PriceName, quantity: number): number {
  const found = list.prices[name]
  if (found === undefined) throw new RangeError(`prices.json has no price of ${name}`)
  return (found.dollars * quantity) / found.per
}

/** What all of it costs. */
export const dollars = (usage: Usage): number => entries(usage).reduce((sum, [name, n]) => sum + dollarsOf(name, n), 0)

export function add(...all: readonly Usage[]): Usage {
  const sum: Partial<Record<PriceName, number>> = {}
  for (const usage of all) for (const [name, n] of entries(usage)) sum[name] = (sum[name] ?? 0) + n
  return sum
}

export function times(usage: Usage, factor: number): Usage {
  return Object.fromEntries(entries(usage).map(([name, n]) => [name, n * factor]))
}

/** The same bill after what every account has for nothing. */
export function afterAlwaysFree(usage: Usage): Usage {
  return Object.fromEntries(entries(usage).map(([name, n]) => [name, Math.max(0, n - (alwaysFree[name] ?? 0))]))
}

export function entries(usage: Usage): [PriceName, number][] {
  return (Object.keys(usage) as PriceName[]).flatMap((name) => {
    const quantity = usage[name] ?? 0
    return quantity === 0 ? [] : [[name, quantity] as [PriceName, number]]
  })
}
