import { type Check, textAt } from './graphOf.ts'

/** How long a name may be, by type, where AWS bounds it closely; source: each service's API reference. */
const LONGEST: Readonly<Record<string, number>> = {
  'aws:lambda/function:Function': 64,
  'aws:sqs/queue:Queue': 80,
  'aws:s3/bucket:Bucket': 63,
  'aws:xray/samplingRule:SamplingRule': 32,
  'aws:cloudwatch/metricAlarm:MetricAlarm': 255,
  'aws:ecr/repository:Repository': 256,
}

const FIELDS = ['name', 'bucket', 'ruleName', 'dashboardName', 'family', 'rule'] as const

/** No two resources of a type share a name, in the program or in AWS. */
export const checkNames: Check = (graph) => {
  const problems: string[] = []
  const seen = new Set<string>()
  for (const { type, name, urn, inputs, custom } of graph.resources) {
    if (!custom) continue
    if (seen.has(urn)) problems.push(`${name} is there twice`)
    seen.add(urn)
    // A bucket's, an alias's or a policy's other settings name the bucket again; only what creates a name counts.
    const field = FIELDS.find(
      (one) => textAt(inputs, one) !== '' && !(one === 'bucket' && type !== 'aws:s3/bucket:Bucket'),
    )
    if (field === undefined || type === 'aws:cloudwatch/eventTarget:EventTarget') continue
    const physical = textAt(inputs, field)
    // An address has one record of each kind.
    const kind = type === 'aws:route53/record:Record' ? textAt(inputs, 'type') : ''
    const key = `${type} ${kind} ${physical}`
    if (seen.has(key)) problems.push(`${name}: another ${type} is called ${physical}`)
    seen.add(key)
    const longest = LONGEST[type]
    if (longest !== undefined && physical.length > longest) problems.push(`${name}: ${physical} is too long`)
  }
  return problems
}
