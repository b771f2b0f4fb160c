import { z } from 'zod'
import { NAMESPACE } from './metricNames.ts'

const values = z.union([z.number(), z.array(z.number()).min(1).max(100)])

/** AWS's schema of an Embedded Metric Format document, as far as one namespace and one set of dimensions go. */
const emf = z.looseObject({
  _aws: z.object({
    Timestamp: z.int().min(1_600_000_000_000),
    CloudWatchMetrics: z
      .array(
        z.object({
          Namespace: z.literal(NAMESPACE),
          Dimensions: z.array(z.array(z.string().min(1).max(250)).max(30)).length(1),
          Metrics: z
            .array(
              z.object({ Name: z.string().min(1).max(1024), Unit: z.string(), StorageResolution: z.int().optional() }),
            )
            .min(1)
            .max(100),
        }),
      )
      .length(1),
  }),
})

/** What one line says: its dimensions, and each metric's unit and values. @throws where CloudWatch would not take it */
export function readEmf(line: string) {
  const document = emf.parse(JSON.parse(line))
  const [directive] = document._aws.CloudWatchMetrics
  const names = directive?.Dimensions[0] ?? []
  const dimensions = Object.fromEntries(names.map((name) => [name, z.string().min(1).max(1024).parse(document[name])]))
  const metrics: Record<string, [unit: string, value: number | number[]]> = {}
  for (const { Name, Unit } of directive?.Metrics ?? []) metrics[Name] = [Unit, values.parse(document[Name])]
  return { dimensions, metrics }
}
