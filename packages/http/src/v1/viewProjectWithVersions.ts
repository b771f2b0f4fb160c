import type { ResolvedProject } from '@w3bstream/core'
import type { V1 } from '../client.ts'
import { viewProject } from './viewProject.ts'

/** A project with its versions, without their code. */
export function viewProjectWithVersions({ record, config }: ResolvedProject): V1['ProjectWithVersions'] {
  return {
    ...viewProject(record),
    defaultVersion: config.defaultVersion,
    versions: config.versions.map(({ code, unknown: _, ...version }) => ({
      ...version,
      inputs:
        version.inputs.scheme === 'poseidon-bn254'
          ? {
              ...version.inputs,
              fields: version.inputs.fields.map((field) => ({
                ...field,
                min: field.min.toString(),
                max: field.max.toString(),
              })),
            }
          : version.inputs,
      codeBytes: code.length / 2,
    })),
  }
}
