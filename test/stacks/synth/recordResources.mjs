// Listens to what the program registers: the mocks themselves are not told of dependencies, protection and retention.
import { stable } from './mocks.mjs'

/** Pulumi marks values that are not plain ones by this key; source: its wire protocol. */
const SIGNATURE = '4dabf18193072939515e22adb298388d'
const SECRET = '1b47061264138c4ac30d75fd1eb44270'
const RESOURCE = '5cf8f73096256a8f31e491e813e4eb8e'

/** Plain JSON: a secret reads `[secret]`, a resource is its URN. */
function keep(value) {
  if (Array.isArray(value)) return value.map(keep)
  if (value === null || typeof value !== 'object' || typeof value.promise === 'function') return value
  if (value[SIGNATURE] === SECRET) return '[secret]'
  if (value[SIGNATURE] === RESOURCE) return value.urn
  if (SIGNATURE in value) return { asset: true }
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => key !== '__provider')
      .map(([key, one]) => [key, keep(one)]),
  )
}

/** @returns the list that resources are added to, and how values are kept in it */
export function recordResources(require) {
  const resources = []
  const monitor = require('@pulumi/pulumi/runtime/mocks').MockMonitor.prototype
  const { registerResource, newUrn } = monitor
  // The engine leaves the stack itself out of a qualified type.
  monitor.newUrn = function (parent, type, name) {
    return newUrn.call(this, parent?.includes('::pulumi:pulumi:Stack::') ? '' : parent, type, name)
  }
  monitor.registerResource = function (request, callback) {
    return registerResource.call(this, request, (error, response) => {
      if (!error)
        resources.push({
          type: request.getType(),
          name: request.getName(),
          urn: response.getUrn(),
          parent: request.getParent() || null,
          custom: request.getCustom(),
          inputs: stable(keep(request.getObject()?.toJavaScript() ?? {})),
          dependencies: [...new Set(request.getDependenciesList())].sort(),
          protect: request.getProtect() === true,
          retainOnDelete: request.getRetainondelete?.() === true,
          ignoreChanges: request.getIgnorechangesList(),
        })
      callback(error, response)
    })
  }
  return { resources, keep }
}
