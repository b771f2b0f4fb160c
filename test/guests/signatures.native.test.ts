import { guestProject } from '@w3bstream/example-signed-readings'
import { afterAll, describe, expect, it } from 'vitest'
import { guestExecutor } from './executeGuest.ts'
import { malformedCases, PROJECT, signatureCases } from './signatureCases.ts'

const cases = [...(await signatureCases()), ...(await malformedCases())]
const guest = guestExecutor()
afterAll(() => guest[Symbol.asyncDispose]())

describe('the guest of signed readings', () => {
  it.each(cases)('$name', async ({ payloads, refused }) => {
    const executed = await guest.execute(guestProject(), PROJECT, payloads)
    if (refused !== null) expect(executed).toEqual({ refused: expect.stringMatching(refused) })
    else expect(executed).toMatchObject({ journal: expect.objectContaining({ length: 32 * 10 }) })
  })

  // Of one reading: a second one of the same curve takes 90,000 less.
  it.each([
    ['ed25519', 350_000],
    ['p256', 310_000],
  ])('checks a signature by %s in %i cycles', async (algorithm, most) => {
    const good = cases.find(({ name }) => name === `${algorithm}: a signature`)
    const executed = await guest.execute(guestProject(), PROJECT, good?.payloads ?? [])
    expect(executed).toMatchObject({ userCycles: expect.toSatisfy((cycles: number) => cycles < most) })
  })
})
