import { cpSync } from 'node:fs'
import { join } from 'node:path'
import { NonceBehindError } from '@w3bstream/chain'
import { type Intercept, startLocal } from '@w3bstream/local'
import { ChainUnavailableError } from '@w3bstream/protocol'
import { expect, it, onTestFinished } from 'vitest'
import { runCli, startCli } from '../../packages/cli/src/test/runCli.ts'
import { InstantRuntime } from '../support/InstantRuntime.ts'
import { instantProject } from '../support/instantProject.ts'
import { tempDir } from '../support/tempDir.ts'
import { testAnvil } from '../support/testAnvil.ts'
import { client } from './support/client.ts'
import { settledEvents } from './support/settledEvents.ts'

it('a restored backup that is older than the chain is refused, and settles nothing twice once told to go on', {
  timeout: 90_000,
}, async () => {
  const { url: rpc, stop } = await testAnvil()
  onTestFinished(stop)
  const [live, backup] = [join(tempDir(), 'live'), join(tempDir(), 'backup')]
  const start = (dataDir: string, more: { intercept?: Intercept; adoptChainNonce?: boolean } = {}) =>
    startLocal({
      port: 0,
      dataDir,
      rpc,
      logLevel: 'silent',
      runtimes: new Map([['halo2', new InstantRuntime()]]),
      ...more,
    })

  const first = await start(live)
  const { projectId } = await instantProject(first)
  await client(first).taskOf(await client(first).send(projectId), 'finalized')
  await first.close()

  // The backup is taken between a task's proof and its transaction.
  const held = await start(live, { intercept: withoutNonces })
  const proved = await client(held).send(projectId)
  await client(held).taskOf(proved, 'proved')
  await held.close()
  cpSync(live, backup, { recursive: true })

  const on = await start(live)
  await client(on).taskOf(proved, 'finalized')
  await client(on).taskOf(await client(on).send(projectId), 'finalized')
  const { rpcUrl, contracts } = on
  await on.close()
  expect(await settledEvents(rpcUrl, contracts)).toBe(3)

  const refused = await start(backup).catch((error: unknown) => error)
  expect(refused).toBeInstanceOf(NonceBehindError)
  expect(refused).toMatchObject({
    message: expect.stringMatching(/has sent 3 transactions on chain 31337, but the store knows of 1/),
    hint: expect.stringMatching(/restore a newer one or start with w3b dev --adopt-chain-nonce/),
  })

  // The command that the message names.
  const command = ['dev', '--port', '0', '--data-dir', backup, '--rpc', rpc]
  expect(await runCli(command)).toMatchObject({ code: 1, stderr: expect.stringContaining('--adopt-chain-nonce') })
  const told = startCli([...command, '--adopt-chain-nonce'])
  await told.until((stdout) => stdout.includes('W3bstream is running'))
  told.kill('SIGINT')
  expect((await told.ended).code).toBe(0)

  const restored = await start(backup, { adoptChainNonce: true })
  onTestFinished(() => restored.close())
  const found = await client(restored).taskOf(proved, 'finalized')
  expect(await settledEvents(rpcUrl, contracts, found.id)).toBe(1)
  expect(found.settlement?.blockNumber).toBeDefined()
  expect(await settledEvents(rpcUrl, contracts)).toBe(3)
  await client(restored).taskOf(await client(restored).send(projectId), 'finalized')
  expect(await settledEvents(rpcUrl, contracts)).toBe(4)
})

/** The store gives no nonce, as if it were away: what is proved stays so. */
const withoutNonces: Intercept = (name, port) =>
  name !== 'chain'
    ? port
    : new Proxy(port, {
        get(target, key) {
          const value: unknown = Reflect.get(target, key, target)
          if (typeof value !== 'function') return value
          if (key !== 'allocate') return value.bind(target)
          return async () => {
            throw new ChainUnavailableError({ chainId: 31337n, reason: 'it is kept away' })
          }
        },
      })
