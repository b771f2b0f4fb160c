import { LocalSigner, RegisteredVerifier } from '@w3bstream/chain'
import { artifacts } from '@w3bstream/example-halo2-weather'
import { type LocalNode, startLocal } from '@w3bstream/local'
import { bindingOf, type Hex, hash, inputCommitment, taskId, toHex, toWord } from '@w3bstream/protocol'
import { createRuntimes, type Runtimes } from '@w3bstream/runtimes'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type WeatherExample, weatherExample } from '../../packages/local/src/weatherExample.ts'
import { client } from './support/client.ts'
import { HostileRuntime } from './support/HostileRuntime.ts'
import { makeTempDir } from './support/makeTempDir.ts'
import { type Claim, Router } from './support/Router.ts'

/** Order of BN254's scalar field. */
const R = 21888242871839275222246405745257275088548364400416034343698204186575808495617n
const { inputs } = artifacts()

describe('a real proof', () => {
  const dir = makeTempDir()
  let runtimes: Runtimes
  let runtime: HostileRuntime
  let node: LocalNode
  let example: WeatherExample
  /** An honest claim, and the router as it was before it settled. */
  let claim: Claim
  let before: Router

  /** Sends a task's readings. @returns the first message's id */
  const send = async (): Promise<string> => (await example.send(inputs.capacity))[0] ?? ''
  const lastProved = () => {
    const last = runtime.proved.at(-1)
    if (last === undefined) throw new Error('nothing was proved')
    return last
  }

  beforeAll(async () => {
    runtimes = createRuntimes()
    const honest = runtimes.get('halo2')
    if (honest === undefined) throw new Error('there is no halo2 runtime')
    runtime = new HostileRuntime(honest)
    node = await startLocal({
      port: 0,
      dataDir: dir.path,
      logLevel: 'silent',
      runtimes: new Map([['halo2', runtime]]),
    })
    example = await weatherExample(node, dir.path)
    const { id } = await client(node).taskOf(await send(), 'finalized')
    const { task, settlement } = (await node.store.tasks.get(taskId(id))) ?? {}
    if (task === undefined || settlement == null) throw new Error('nothing was settled')
    const { proof, outputs } = lastProved().output
    claim = { task, proof, outputs, sequencer: node.keys.sequencer, prover: node.keys.prover }
    before = new Router(node, settlement.blockNumber - 1n)
  }, 120_000)
  afterAll(async () => {
    await node?.close()
    await runtimes?.close()
    dir.remove()
  })

  describe('from a prover', () => {
    /** Has a task proved by a hostile prover, which has to fail, and then by an honest one. @returns why it failed */
    const refusal = async (hostile: Partial<Pick<HostileRuntime, 'job' | 'output'>>): Promise<string> => {
      const { replay, taskOf } = client(node)
      Object.assign(runtime, hostile)
      const message = await send()
      const failed = await taskOf(message, 'failed').finally(() => runtime.reform())
      expect(failed).toMatchObject({ proof: null, settlement: null })
      expect(await replay(failed.id)).toMatchObject({ status: 200 })
      await taskOf(message, 'finalized')
      return failed.failure ?? ''
    }
    const NOT_ACCEPTED = /the verifier does not accept it/

    it('is refused where it is valid, but over other readings', { timeout: 120_000 }, async () => {
      let judged: Promise<string> | undefined
      const reason = await refusal({
        job: (job) => {
          const payloads = job.payloads.toReversed()
          const commitment = inputCommitment(inputs, { salt: job.salt, payloads })
          return { ...job, payloads, task: { ...job.task, inputCommitment: commitment } }
        },
        output: (output) => {
          const { task, taskId, binding } = lastProved().job
          const verifier = new RegisteredVerifier(node)
          judged = verifier.verify({ task, taskId, binding, named: null, settles: true, ...output })
          return output
        },
      })
      expect(reason).toMatch(NOT_ACCEPTED)
      await expect(judged).resolves.toBe('verified')
    })

    it('is refused where it is valid, but for another prover', { timeout: 120_000 }, async () => {
      const thief = LocalSigner.generate()
      expect(await refusal({ job: (job) => ({ ...job, binding: bindingOf(job.taskId, thief.address) }) })).toMatch(
        NOT_ACCEPTED,
      )
    })

    it('is refused where it is of an earlier task', { timeout: 120_000 }, async () => {
      const { output: earlier } = lastProved()
      expect(await refusal({ output: () => earlier })).toMatch(NOT_ACCEPTED)
    })

    it('is refused with an output that is greater by the order of the field', { timeout: 120_000 }, async () => {
      const reason = await refusal({ output: (output) => ({ ...output, outputs: plusR(output.outputs, 1) }) })
      expect(reason).toMatch(/output 1 is not in the field/)
    })

    it('is refused with a byte behind it', { timeout: 120_000 }, async () => {
      const reason = await refusal({ output: (output) => ({ ...output, proof: Uint8Array.of(...output.proof, 0) }) })
      expect(reason).toMatch(/it has \d+ bytes, not \d+/)
    })
  })

  describe('at the router with its real verifier', () => {
    it('is settled once', async () => {
      expect(await before.refusal(claim)).toBeNull()
      expect(await new Router(node, 'latest').refusal(claim)).toMatch(/^TaskAlreadySettled/)
    })

    it('is refused with a public input that is greater by the order of the field', async () => {
      for (const index of [0, 1, 2, 3])
        expect(await before.refusal({ ...claim, outputs: plusR(claim.outputs, index) })).toMatch(
          new RegExp(`^PublicInputNotInField\\(index: ${index + 3}`),
        )
      const commitment = hash(plusR(claim.task.inputCommitment, 0))
      expect(await before.refusal({ ...claim, task: { ...claim.task, inputCommitment: commitment } })).toMatch(
        /^PublicInputNotInField\(index: 2/,
      )
    })

    it('is refused with trailing or missing bytes', async () => {
      const { proof, outputs } = claim
      for (const other of [Uint8Array.of(...proof, 0), proof.subarray(1), new Uint8Array()])
        expect(await before.refusal({ ...claim, proof: other })).toMatch(/^ProofLengthMismatch/)
      for (const other of [`${outputs}00`, `${outputs}${'00'.repeat(32)}`, outputs.slice(0, -2)] as Hex[])
        expect(await before.refusal({ ...claim, outputs: other })).toMatch(/^OutputsLengthMismatch/)
    })

    it('is refused where a bit of it, or of what it says, is another', async () => {
      const flipped = Uint8Array.from(claim.proof)
      flipped[100] = (flipped[100] ?? 0) ^ 1
      expect(await before.refusal({ ...claim, proof: flipped })).toMatch(/^ProofRejected/)
      const outputs: Hex = `${claim.outputs.slice(0, -1)}${claim.outputs.endsWith('0') ? '1' : '0'}` as Hex
      expect(await before.refusal({ ...claim, outputs })).toMatch(/^ProofRejected/)
    })

    it('is refused for another task, also of the same readings', async () => {
      const task = { ...claim.task, number: claim.task.number + 1_000n }
      expect(await before.refusal({ ...claim, task })).toMatch(/^ProofRejected/)
    })

    it('is refused from a prover that copied it, although the task was assigned to that one too', async () => {
      expect(await before.refusal({ ...claim, prover: LocalSigner.generate() })).toMatch(/^ProofRejected/)
    })

    it('is refused from a prover that assigned the task to itself', async () => {
      const thief = LocalSigner.generate()
      expect(await before.refusal({ ...claim, sequencer: thief, prover: thief })).toMatch(/^WrongAssignmentSigner/)
      const task = { ...claim.task, sequencer: thief.address }
      expect(await before.refusal({ ...claim, task, sequencer: thief, prover: thief })).toMatch(/^SequencerNotAllowed/)
      const { prover } = claim
      const own = { ...claim.task, sequencer: prover.address }
      expect(await before.refusal({ ...claim, task: own, sequencer: prover })).toMatch(/^SequencerNotAllowed/)
    })
  })
})

/** Words with one of them greater by the order of the field: the same number for a verifier that does not look. */
function plusR(words: Hex, index: number): Hex {
  const at = 2 + 64 * index
  const word = toWord(BigInt(`0x${words.slice(at, at + 64)}`) + R)
  return `0x${words.slice(2, at)}${toHex(word).slice(2)}${words.slice(at + 64)}`
}
