import { expect, it } from 'vitest'
import { defineConfig } from './defineConfig.ts'
import { InvalidConfigError } from './errors/InvalidConfigError.ts'

it('gives the configuration of a stage', () => {
  const config = defineConfig((stage) => ({ chains: [{ chainId: stage === 'production' ? 4689 : 4690 }] }))
  expect(config('production').chains[0]?.chainId).toBe(4689n)
  expect(config('dev').chains[0]?.chainId).toBe(4690n)
  expect(defineConfig({ chains: [{ chainId: 1 }] })('dev').limits.maxTries).toBe(5)
})

it('names what is wrong', () => {
  expect(() => defineConfig({ chains: [] })('dev')).toThrow(InvalidConfigError)
})
