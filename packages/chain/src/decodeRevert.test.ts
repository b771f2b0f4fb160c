import { riscZeroVerifierRouterAbi, w3bstreamSettlementAbi } from '@w3bstream/contracts'
import { encodeAbiParameters, encodeErrorResult, parseAbi } from 'viem'
import { describe, expect, it } from 'vitest'
import { decodeRevert } from './decodeRevert.ts'

const DAPP = parseAbi(['error TooHot(uint256 degrees)', 'error Closed()'])
const ADDRESS = `0x${'ab'.repeat(20)}` as const

describe('decodeRevert', () => {
  it('reads strings, panics and custom errors', () => {
    const string = encodeErrorResult({ abi: parseAbi(['error Error(string)']), args: ['no rain'] })
    const panic = encodeErrorResult({ abi: parseAbi(['error Panic(uint256)']), args: [17n] })
    const hot = encodeErrorResult({ abi: DAPP, errorName: 'TooHot', args: [51n] })
    expect(decodeRevert(string)).toMatchObject({ name: 'Error', reason: 'no rain' })
    expect(decodeRevert(panic).reason).toBe('panic 17: arithmetic overflow')
    expect(decodeRevert(hot, [DAPP])).toMatchObject({ name: 'TooHot', reason: 'TooHot(degrees: 51)' })
    expect(decodeRevert('0x').reason).toBe('reverted without a reason, or ran out of gas')
  })

  it('shows selector and data of what it cannot read, bounded', () => {
    const hot = encodeErrorResult({ abi: DAPP, errorName: 'TooHot', args: [51n] })
    expect(decodeRevert(hot).reason).toBe(`custom error ${hot.slice(0, 10)}, data ${hot}`)
    expect(decodeRevert(`0x${'ff'.repeat(5_000)}`).reason.length).toBeLessThan(600)
  })

  it("shows a dApp's own reason behind the router's", () => {
    const inner = encodeErrorResult({ abi: DAPP, errorName: 'Closed' })
    const outer = encodeErrorResult({ abi: w3bstreamSettlementAbi, errorName: 'DappReverted', args: [ADDRESS, inner] })
    const { name, reason } = decodeRevert(outer, [DAPP])
    expect(name).toBe('DappReverted')
    expect(reason.toLowerCase()).toBe(`the dapp ${ADDRESS} refused it: closed()`)
  })

  it("shows a verifier's own reason behind the router's", () => {
    const inner = encodeErrorResult({ abi: riscZeroVerifierRouterAbi, errorName: 'IsStopped' })
    const rejected = (reason: `0x${string}`) =>
      encodeErrorResult({ abi: w3bstreamSettlementAbi, errorName: 'ProofRejected', args: [ADDRESS, reason] })
    expect(decodeRevert(rejected(inner))).toMatchObject({
      name: 'ProofRejected',
      reason: expect.stringMatching(/: IsStopped\(\)$/),
    })
    expect(decodeRevert(rejected('0x')).reason).toMatch(/^ProofRejected: .*without a reason/)
    const abi = parseAbi(['error ProofRejected(address verifier)'])
    const earlier = encodeErrorResult({ abi, errorName: 'ProofRejected', args: [ADDRESS] })
    expect(decodeRevert(earlier).reason.toLowerCase()).toBe(`proofrejected(verifier: ${ADDRESS})`)
  })

  it('lets no control characters through', () => {
    const string = `0x08c379a0${encodeAbiParameters([{ type: 'string' }], ['a\u001b[2Jb\nc']).slice(2)}` as const
    expect(decodeRevert(string).reason).toBe('a [2Jb c')
  })
})
