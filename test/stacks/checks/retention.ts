import { type Check, ofType } from './graphOf.ts'

/** Production is kept and protected; any other stage goes without trace. */
export const checkRetention: Check = (graph) => {
  const problems: string[] = []
  const production = graph.stage === 'production'
  if (graph.app.removal !== (production ? 'retain' : 'remove')) problems.push(`removal is ${graph.app.removal}`)
  if (graph.app.protect !== production) problems.push(`protection is ${graph.app.protect ? 'on' : 'off'}`)
  for (const { name, protect, retainOnDelete } of ofType(graph, 'aws:kms/key:Key'))
    if (protect !== production || retainOnDelete !== production)
      problems.push(`${name} ${production ? 'may be lost' : 'stays behind'}`)
  if (!production)
    // What SST uploads for functions is kept, for those that still run.
    for (const { name, custom, protect, retainOnDelete } of graph.resources)
      if (custom && (protect || retainOnDelete) && !name.endsWith('Code')) problems.push(`${name} stays behind`)
  return problems
}
