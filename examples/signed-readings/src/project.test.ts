import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { parseProjectFile, writeProjectFile } from '@w3bstream/protocol'
import { expect, it } from 'vitest'
import { circuitArtifacts, guestArtifacts } from './artifacts.ts'
import { circuitProject, guestProject } from './project.ts'

const read = (file: string) => readFileSync(new URL(`../artifacts/${file}`, import.meta.url))

it('is read back from its project file as it was written, of either kind', () => {
  for (const version of [circuitProject({ amount: 1 }), guestProject({ output: { type: 'stdout' } })]) {
    const file = writeProjectFile({ defaultVersion: version.version, versions: [version], unknown: {} })
    expect(parseProjectFile(file).versions).toEqual([version])
  }
})

it('declares the fields that the circuit was built with', () => {
  const { inputs } = JSON.parse(read('artifacts.json').toString('utf8'))
  const fields = inputs.fields.map((field: { min: number; max: number }) => ({
    ...field,
    min: BigInt(field.min),
    max: BigInt(field.max),
  }))
  expect(circuitProject().inputs).toEqual({ ...inputs, fields })
})

it('names the circuit by the verifying key that is shipped, and gives the same outputs by either road', () => {
  const { verifyingKey, outputs } = circuitArtifacts()
  expect(verifyingKey).toBe(`0x${createHash('sha256').update(read('verifying.key')).digest('hex')}`)
  expect(circuitProject().codeExpParam).toContain(verifyingKey)
  expect(guestArtifacts().outputs).toEqual(outputs)
  expect(guestProject().codeExpParam).toBe(`{"image_id":"${guestArtifacts().imageId}"}`)
})
