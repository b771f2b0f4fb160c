import { parseProjectFile, writeProjectFile } from '@w3bstream/protocol'
import { expect, it } from 'vitest'
import { project } from './project.ts'

it('is read back from its project file as it was written', () => {
  const version = project({ provingKeyUri: 'ipfs://bafkreia', amount: 4, native: true })
  const { versions } = parseProjectFile(
    writeProjectFile({ defaultVersion: version.version, versions: [version], unknown: {} }),
  )
  expect(versions).toEqual([version])
})
