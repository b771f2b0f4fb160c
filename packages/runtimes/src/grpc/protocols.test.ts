import { expect, it } from 'vitest'
import { protocolsFromSources } from '../test/protocolsFromSources.ts'
import descriptors from './protocols.json' with { type: 'json' }

it('protocols.json is what src/test/writeProtocols.ts makes of packages/zk/proto', () => {
  expect(descriptors).toEqual(JSON.parse(JSON.stringify(protocolsFromSources())))
})
