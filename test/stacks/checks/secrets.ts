import { at, type Check, environmentOf, ofType, textAt } from './graphOf.ts'

/** Where a secret may stand, since it is what the resource is for: type, and the path of keys. */
const PLACES: readonly { readonly type: string; readonly path: RegExp; readonly why: string }[] = [
  { type: 'aws:ssm/parameter:Parameter', path: /^value$/, why: 'encrypted by the parameter store' },
  {
    type: 'aws:cloudfront/distribution:Distribution',
    path: /^origins\.\d+\.customHeaders\.\d+\.value$/,
    why: 'CloudFront sends it to the function',
  },
  {
    type: 'docker-build:index:Image',
    path: /^registries\.\d+\.password$/,
    why: 'a token of twelve hours, to push the image',
  },
  {
    type: 'cloudflare:index/workersScript:WorkersScript',
    path: /^bindings\.\d+\.text$/,
    why: 'a secret binding: the edge has no role to take on',
  },
]

const isSecret = (text: string) =>
  text.includes('dummy-secret') || text.includes('generated-') || text.includes('[secret]')

function* texts(value: unknown, path: string): Generator<{ readonly path: string; readonly text: string }> {
  if (typeof value === 'string') yield { path, text: value }
  else if (value !== null && typeof value === 'object')
    for (const [key, one] of Object.entries(value)) yield* texts(one, path === '' ? key : `${path}.${key}`)
}

/** Secrets, made-up and generated, stand where they are encrypted or have to be sent from, and nowhere else. */
export const checkSecrets: Check = (graph) => {
  const problems: string[] = []
  for (const { type, name, inputs, custom } of graph.resources) {
    // What components were given, they pass on to resources; those are what is stored.
    if (!custom && !type.startsWith('pulumi-nodejs:')) continue
    for (const { path, text } of texts(inputs, ''))
      if (isSecret(text) && !PLACES.some((place) => place.type === type && place.path.test(path)))
        problems.push(`${name}: there is a secret in ${path}`)
  }
  for (const { path, text } of texts(graph.outputs, '')) if (isSecret(text)) problems.push(`output ${path} is a secret`)
  for (const { name, inputs } of ofType(graph, 'aws:ssm/parameter:Parameter'))
    if (textAt(inputs, 'name').includes('/secrets/') && at(inputs, 'type') !== 'SecureString')
      problems.push(`${name} is not encrypted`)
  for (const { name, inputs } of ofType(graph, 'cloudflare:index/workersScript:WorkersScript'))
    for (const binding of Object.values(at(inputs, 'bindings') ?? {}))
      if (isSecret(textAt(binding, 'text')) && at(binding, 'type') !== 'secret_text')
        problems.push(`${name}: the binding ${textAt(binding, 'name')} is readable`)
  for (const fn of ofType(graph, 'aws:lambda/function:Function'))
    for (const variable of Object.keys(environmentOf(fn)))
      if (!variable.startsWith('W3B_')) problems.push(`${fn.name} is told ${variable}`)
  return problems
}
