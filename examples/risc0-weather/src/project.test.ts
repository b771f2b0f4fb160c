import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { inflateSync } from 'node:zlib'
import { parseProjectFile, writeProjectFile } from '@w3bstream/protocol'
import { expect, it } from 'vitest'
import { artifacts } from './artifacts.ts'
import { project } from './project.ts'

it('is read back from its project file as it was written', () => {
  const version = project({ amount: 4, output: { type: 'settlement' } })
  const { versions } = parseProjectFile(
    writeProjectFile({ defaultVersion: version.version, versions: [version], unknown: {} }),
  )
  expect(versions).toEqual([version])
})

it('carries the guest, and claims its image id', () => {
  const { elf, imageId } = artifacts()
  const { code, codeExpParam } = project()
  expect(inflateSync(Buffer.from(code, 'hex'))).toEqual(Buffer.from(elf))
  expect(JSON.parse(codeExpParam ?? '')).toEqual({ image_id: imageId })
})

it('has the ELF that its artifacts were recorded of', () => {
  const { elf } = JSON.parse(readFileSync(new URL('../artifacts/artifacts.json', import.meta.url), 'utf8'))
  const bytes = artifacts().elf
  expect(`0x${createHash('sha256').update(bytes).digest('hex')}`).toBe(elf.sha256)
  expect(bytes).toHaveLength(elf.bytes)
})
