import { checkPayload } from '@w3bstream/protocol'
import { expect, it } from 'vitest'
import { artifacts } from './artifacts.ts'
import { readings } from './readings.ts'

it('gives the days in their order', () => {
  const days = readings()
  expect(days).toHaveLength(1461)
  expect(days[0]).toBe('{"date":"2012-01-01","temperature":12.8,"wind":4.7,"precipitation":0}')
  expect(days.map((day) => JSON.parse(day).date)).toEqual(days.map((day) => JSON.parse(day).date).toSorted())
})

it('gives nothing that the circuit would refuse', () => {
  const { inputs } = artifacts()
  for (const payload of readings()) checkPayload(inputs, payload)
})
