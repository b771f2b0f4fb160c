import { transact } from '@w3bstream/chain'
import { projectRegistrarAbi } from '@w3bstream/contracts'
import type { Intercept } from '@w3bstream/local'
import { encodeFunctionData } from 'viem'
import { expect, it } from 'vitest'
import { instantProject } from '../support/instantProject.ts'
import { until } from '../support/until.ts'
import { client } from './support/client.ts'
import { startNode } from './support/startNode.ts'

it('a project paused on-chain is refused and not packed, and goes on with what waited once it is unpaused', async () => {
  let [looks, packing] = [0, false]
  // The packer sees no waiting log until it may, so that the pause comes between a message and its task.
  const intercept: Intercept = (name, port) =>
    name !== 'messages'
      ? port
      : new Proxy(port, {
          get(target, key) {
            const value: unknown = Reflect.get(target, key, target)
            if (typeof value !== 'function') return value
            if (key !== 'waiting') return value.bind(target)
            return (...args: unknown[]) => {
              if (!packing) return Promise.resolve([])
              looks++
              return value.apply(target, args)
            }
          },
        })
  const node = await startNode({ intercept })
  const { operator, contracts } = node
  if (operator === null) throw new Error('a local chain has an operator')
  const { post, send, taskOf } = client(node)
  const { projectId } = await instantProject(node)
  const order = async (functionName: 'pauseProject' | 'unpauseProject'): Promise<void> => {
    const data = encodeFunctionData({ abi: projectRegistrarAbi, functionName, args: [projectId] })
    await transact(operator, functionName, { to: contracts.projectRegistrar, data })
    await node.syncRegistry()
  }

  const waiting = await send(projectId)
  await order('pauseProject')
  expect(await post(projectId)).toMatchObject({ body: { code: 'PROJECT_PAUSED' }, status: 409 })
  packing = true
  // The third look comes after two whole rounds over a log that is full.
  await until('the packer to look', () => looks >= 3)
  expect((await node.w3b.tasks({ projectId, limit: 10 })).tasks).toEqual([])

  await order('unpauseProject')
  await taskOf(waiting, 'finalized')
  await taskOf(await send(projectId), 'finalized')
})
