import { createServer } from 'node:net'
import { AddressInUseError } from '@w3bstream/http/node'
import { expect, it, onTestFinished } from 'vitest'
import { checkPort } from './checkPort.ts'

it('passes what is free and names what is taken', async () => {
  await checkPort(0)
  const server = createServer().listen(0, '127.0.0.1')
  onTestFinished(() => void server.close())
  await new Promise((resolve) => server.once('listening', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  await expect(checkPort(address.port)).rejects.toBeInstanceOf(AddressInUseError)
})
