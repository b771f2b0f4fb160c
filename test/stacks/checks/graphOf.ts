import type { Graph, Resource } from '../synth/synthesise.ts'

/** Finds what is wrong with a graph: one line a problem, naming the resource. */
export type Check = (graph: Graph) => string[]

/** The resources of a type, without components. */
export const ofType = (graph: Graph, type: string): Resource[] =>
  graph.resources.filter((resource) => resource.custom && resource.type === type)

/** What lies at a path of keys in a value of any shape. */
export function at(value: unknown, ...path: readonly (string | number)[]): unknown {
  let here: unknown = value
  for (const key of path) {
    if (here === null || typeof here !== 'object') return undefined
    here = Object.entries(here).find(([name]) => name === String(key))?.[1]
  }
  return here
}

/** The list at a path; empty where there is none. */
export function listAt(value: unknown, ...path: readonly (string | number)[]): readonly unknown[] {
  const found = at(value, ...path)
  return Array.isArray(found) ? found : []
}

/** The text at a path; empty where there is none. */
export function textAt(value: unknown, ...path: readonly (string | number)[]): string {
  const found = at(value, ...path)
  return typeof found === 'string' ? found : ''
}

/** The number at a path, as a number or in digits; NaN where there is none. */
export function numberAt(value: unknown, ...path: readonly (string | number)[]): number {
  const found = at(value, ...path)
  return typeof found === 'number' || (typeof found === 'string' && found !== '') ? Number(found) : Number.NaN
}

/** The JSON in the text at a path; undefined where there is none, or where it is kept as a secret. */
export function jsonAt(value: unknown, ...path: readonly (string | number)[]): unknown {
  const text = textAt(value, ...path)
  return text === '' || text === '[secret]' ? undefined : JSON.parse(text)
}

/** The end of an ARN, by which the mocked providers name what has it. */
export const nameOfArn = (arn: string): string => arn.split(/[:/]/).at(-1) ?? ''

/** What a container of a task definition is. */
export const containersOf = (task: Resource): readonly unknown[] =>
  listAt({ all: jsonAt(task.inputs, 'containerDefinitions') }, 'all')

/** A container's or a function's environment. */
export function environmentOf(unit: Resource): Readonly<Record<string, string>> {
  if (unit.type === 'aws:lambda/function:Function')
    return Object.fromEntries(
      Object.entries(at(unit.inputs, 'environment', 'variables') ?? {}).map(([name, value]) => [name, String(value)]),
    )
  if (unit.type === 'cloudflare:index/workersScript:WorkersScript')
    return Object.fromEntries(
      listAt(unit.inputs, 'bindings').map((binding) => [textAt(binding, 'name'), textAt(binding, 'text')]),
    )
  return Object.fromEntries(
    containersOf(unit).flatMap((container) =>
      listAt(container, 'environment').map((pair) => [textAt(pair, 'name'), textAt(pair, 'value')] as const),
    ),
  )
}
