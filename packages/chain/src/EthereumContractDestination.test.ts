import { nodeRegistryAbi, nodeRegistryBytecode } from '@w3bstream/contracts'
import type { Outgoing } from '@w3bstream/core/ports'
import { type Address, ChainUnavailableError, type Output, toHex } from '@w3bstream/protocol'
import { type Abi, decodeAbiParameters, decodeFunctionData, encodeErrorResult, parseAbi } from 'viem'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { deployContract } from './deployContract.ts'
import { EthereumContractDestination, type EthereumContractOptions } from './EthereumContractDestination.ts'
import { EthereumSender } from './EthereumSender.ts'
import { EthereumWatcher } from './EthereumWatcher.ts'
import { startRpcServer } from './fixtures/brokenEndpoints.test.fixture.ts'
import { accepting, answering, burning, reverting } from './fixtures/bytecode.test.fixture.ts'
import { afterwards, inState, makeWorld, provedTask, type World } from './fixtures/world.test.fixture.ts'
import { LocalSigner } from './LocalSigner.ts'
import { readTransaction } from './readTransaction.ts'

const RECEIVER = `0x${'be'.repeat(20)}` as const
const NAMED = parseAbi([
  'function submit(uint256 projectId, address _receiver, bytes _proof, uint64 taskId, string clientId, address proverId)',
  'error Refused(uint256 why)',
])
const NUMBERED = parseAbi(['function submit(uint256 proverId)'])

describe('EthereumContractDestination', () => {
  let world: World
  let number = 0n
  beforeAll(async () => {
    world = await makeWorld()
  })
  afterAll(() => world.close())

  const destinationOf = (options: Partial<EthereumContractOptions> = {}) => {
    const sender = world.sender()
    const chains = [{ sender, contracts: world.deployment.contracts, aliases: ['https://rpc.example/v1'] }]
    return {
      destination: afterwards(new EthereumContractDestination({ chains }, options), 'deliver', world.mined),
      watcher: new EthereumWatcher({ senders: [sender], state: world.state }),
    }
  }
  const contract = (bytecode: `0x${string}`) => deployContract(world.operator, 'target', { abi: [], bytecode })
  const outgoing = (
    abi: Abi,
    contractMethod: string,
    contractAddress: Address,
    change: Partial<Extract<Output, { type: 'ethereumContract' }>> &
      Partial<Pick<Outgoing, 'payloads' | 'proof' | 'clientId'>> = {},
  ): Outgoing => {
    number += 1n
    const { payloads, proof, clientId, ...outputChange } = change
    const base = provedTask(world, 7n, number, payloads === undefined ? {} : { payloads })
    return {
      ...base,
      ...(proof === undefined ? {} : { proof }),
      ...(clientId === undefined ? {} : { clientId }),
      output: {
        type: 'ethereumContract',
        chainEndpoint: 'anvil',
        contractAddress,
        receiverAddress: RECEIVER,
        contractMethod,
        contractAbiJSON: JSON.stringify(abi),
        ...outputChange,
      },
    }
  }
  const deliver = async (item: Outgoing, options: Partial<EthereumContractOptions> = {}) =>
    (await destinationOf(options).destination.deliver([item])).get(item.record.id)
  const callOf = async (item: Outgoing, abi: Abi) => {
    const row = await world.state.rowOf(item.record.id)
    const call = readTransaction(row?.attempts[0]?.raw ?? '0x')
    return { to: call.to, args: decodeFunctionData({ abi, data: call.data }).args }
  }
  const fieldCall = async (type: string, payload: string) => {
    const abi = parseAbi([`function take(${type} reading)`] as unknown as readonly [`function take(uint256 reading)`])
    const item = outgoing(abi, 'take', await contract(accepting), { payloads: [payload, '{"reading":"ff"}'] })
    const delivered = await deliver(item)
    if (delivered instanceof Error) return delivered.message
    return (await callOf(item, abi)).args?.[0]
  }

  it('pauses for the chain whose account cannot pay, and for no other', async () => {
    const { state, clock } = world
    const poor = new EthereumSender({
      chain: world.connect({ preset: { name: 'poor' } }),
      signer: LocalSigner.generate(),
      state,
      clock,
    })
    const chains = [{ sender: poor }, { sender: world.sender() }]
    const destination = afterwards(new EthereumContractDestination({ chains }), 'deliver', world.mined)
    const target = await contract(accepting)
    const items = ['poor', 'anvil', 'poor', 'anvil'].map((chainEndpoint) =>
      outgoing(NAMED, 'submit', target, { chainEndpoint, clientId: 'did:io:1' }),
    )
    const delivered = await destination.deliver(items)
    expect(items.map(({ record }) => delivered.get(record.id))).toMatchObject([
      { type: 'waiting', reason: expect.stringMatching(/fund it/) },
      { type: 'submitted' },
      { type: 'waiting', reason: expect.stringMatching(/fund it/) },
      { type: 'submitted' },
    ])
  })

  it('asks a chain that is away once in a delivery, and lets no other wait for it', async () => {
    const liar = await startRpcServer(() => ({ result: '0x1' }))
    const { state, clock } = world
    const chain = world.connect({ preset: { name: 'away' }, rpc: [liar.url] })
    const away = new EthereumSender({ chain, signer: LocalSigner.generate(), state, clock })
    const chains = [{ sender: away }, { sender: world.sender() }]
    const destination = afterwards(new EthereumContractDestination({ chains }), 'deliver', world.mined)
    const target = await contract(accepting)
    const items = ['away', 'away', 'anvil', 'away'].map((chainEndpoint) =>
      outgoing(NAMED, 'submit', target, { chainEndpoint, clientId: 'did:io:1' }),
    )
    const [first] = items
    if (first === undefined) throw new Error('no item')
    await destination.deliver([first])
    const once = liar.asked.length
    const delivered = await destination.deliver(items)
    await liar.close()
    expect(items.map(({ record }) => delivered.get(record.id))).toMatchObject([
      { type: 'waiting' },
      { type: 'waiting' },
      { type: 'submitted' },
      { type: 'waiting' },
    ])
    expect([once, liar.asked.length]).toEqual([once, 2 * once])
    expect(once).toBeGreaterThan(0)
  })

  it('waits where the number of a prover cannot be read now', async () => {
    const item = outgoing(NUMBERED, 'submit', await contract(accepting))
    const reason = 'no endpoint answers'
    const proverNumber = () => Promise.reject(new ChainUnavailableError({ chainId: 1n, reason }))
    expect(await deliver(item, { proverNumber })).toMatchObject({
      type: 'waiting',
      reason: expect.stringContaining(reason),
    })
    expect(await deliver(item, { proverNumber: async () => 7n })).toEqual({ type: 'submitted' })
  })

  it('binds a method by the names of its inputs, and watches the call to its end', async () => {
    const target = await contract(accepting)
    const item = outgoing(NAMED, 'submit', target, { clientId: 'did:io:1' })
    const { destination, watcher } = destinationOf()
    expect((await destination.deliver([item])).get(item.record.id)).toEqual({ type: 'submitted' })
    const { to, args } = await callOf(item, NAMED)
    expect(to).toBe(target)
    expect(args?.map((arg) => (typeof arg === 'string' ? arg.toLowerCase() : arg))).toEqual([
      7n,
      RECEIVER,
      toHex(item.proof),
      item.record.task.number,
      'did:io:1',
      world.prover.address,
    ])
    const [seen] = await watcher.watch([inState(item, 'submitted')])
    expect(seen).toMatchObject({ type: 'settled', settlement: { contract: target } })
    expect((await destination.deliver([item])).get(item.record.id)).toMatchObject({ type: 'consumed' })
  })

  it.each([
    ['uint256', '{"reading":"10"}', 16n],
    ['uint256', '{"reading":"0x10"}', 16n],
    ['uint256', '{"reading":10}', 16n],
    ['uint256', '{"reading":9007199254740993}', 0x9007199254740993n],
    ['uint256', `{"reading":"${'f'.repeat(64)}"}`, 2n ** 256n - 1n],
    ['uint64', '{"reading":"ffffffffffffffff"}', 2n ** 64n - 1n],
    ['int8', '{"reading":"7f"}', 127],
    ['string', '{"reading":"warm"}', 'warm'],
    ['bool', '{"reading":true}', true],
    ['bool', '{"reading":"false"}', false],
    ['bytes', '{"reading":"0xc0ffee"}', '0xc0ffee'],
    ['bytes4', '{"reading":"c0ffee00"}', '0xc0ffee00'],
    ['address', `{"reading":"0x${'00'.repeat(19)}01"}`, `0x${'00'.repeat(19)}01`],
  ])('reads a %s field from %s', async (type, payload, expected) => {
    const actual = await fieldCall(type, payload)
    expect(actual).toEqual(expected)
  })

  it.each([
    ['uint256', '{"reading":"warm"}', /"reading" has to be an integer in hex/],
    ['uint256', '{"reading":""}', /"reading" has to be an integer in hex/],
    ['uint256', '{"reading":1.5}', /"reading" has to be an integer in hex/],
    ['uint256', '{"reading":-1}', /"reading" has to be an integer in hex/],
    ['uint256', `{"reading":"1${'0'.repeat(64)}"}`, /"reading" does not fit 256 bits/],
    ['uint8', '{"reading":"100"}', /"reading" does not fit 8 bits/],
    ['int8', '{"reading":"80"}', /"reading" does not fit 8 bits/],
    ['uint256', '{"other":1}', /"reading" is not a field of the first message/],
    ['uint256', '{"reading":null}', /"reading" has to be a JSON string or number/],
    ['uint256', '{"__proto__":{"reading":"1"}}', /"reading" is not a field/],
    ['uint256', '[1]', /not a JSON object/],
    ['uint256', 'plain', /not a JSON object/],
    ['address', '{"reading":"0x12"}', /"reading" has to be an address/],
    ['bool', '{"reading":1}', /"reading" has to be true or false/],
    ['bytes', '{"reading":"zz"}', /"reading" has to be bytes in hex/],
    ['bytes4', '{"reading":"c0ff"}', /"reading" has to be 4 bytes/],
    ['uint256[]', '{"reading":[1]}', /"reading" is of ABI type uint256\[\]/],
  ])('names the field that it cannot read as %s: %s', async (type, payload, expected) => {
    expect(await fieldCall(type, payload)).toMatch(expected)
  })

  it('encodes a RISC Zero Snark proof for older receivers', async () => {
    const abi = parseAbi(['function submit(bytes data_snark)'])
    const word = (n: number) => [...new Array(31).fill(0), n]
    const snark = {
      a: [word(1), word(2)],
      b: [
        [word(3), word(4)],
        [word(5), `0x${'06'.padStart(64, '0')}`],
      ],
      c: [word(7), [8]],
    }
    const receipt = { Snark: { snark, post_state_digest: '0xaabb', journal: [1, 2, 3] } }
    const proof = new TextEncoder().encode(JSON.stringify(receipt))
    const item = outgoing(abi, 'submit', await contract(accepting), { proof })
    expect(await deliver(item)).toEqual({ type: 'submitted' })
    const { args } = await callOf(item, abi)
    const bytes = [{ type: 'bytes' }, { type: 'bytes' }, { type: 'bytes' }] as const
    const [seal, digest, journal] = decodeAbiParameters(bytes, args?.[0] as `0x${string}`)
    expect(seal).toBe(`0x${[1, 2, 3, 4, 5, 6, 7, 8].map((n) => n.toString(16).padStart(64, '0')).join('')}`)
    expect([digest, journal]).toEqual(['0xaabb', '0x010203'])
    // A Groth16 seal says nothing of its journal: the text that came with it does.
    const native = { ...outgoing(abi, 'submit', await contract(accepting), { proof: new Uint8Array(260) }) }
    const texted = { ...native, raw: JSON.stringify(receipt) }
    expect(await deliver(texted)).toEqual({ type: 'submitted' })
    expect((await callOf(texted, abi)).args).toEqual(args)
    const other = outgoing(abi, 'submit', await contract(accepting))
    expect(String(await deliver(other))).toMatch(/"data_snark" asks for a RISC Zero Snark proof/)
  })

  it('says what the project file lacks', async () => {
    const target = await contract(accepting)
    const numeric = parseAbi(['function submit(uint256 proverId)'])
    const odd = (input: string) => `[{"type":"function","name":"submit","inputs":[${input}]}]`
    const overloaded = parseAbi(['function submit(bytes proof)', 'function submit(bytes proof, uint256 projectId)'])
    for (const [item, reason] of [
      [outgoing(NAMED, 'submit', target, { receiverAddress: null }), /"_receiver" asks for receiverAddress/],
      [outgoing(NAMED, 'send', target), /no method "send"/],
      [outgoing(overloaded, 'submit', target), /2 methods "submit"/],
      [outgoing(numeric, 'submit', target), /"proverId" asks for a number/],
      [outgoing(parseAbi(['function submit(uint256 proof)']), 'submit', target), /"proof" is of ABI type uint256/],
      [
        outgoing(NAMED, 'submit', target, { chainEndpoint: 'https://evil.example' }),
        /names no chain .* anvil \(31337\)/,
      ],
      [outgoing(NAMED, 'submit', target, { contractAbiJSON: '{}' }), /contractAbiJSON is not a list/],
      [outgoing(NAMED, 'submit', target, { contractAbiJSON: '[null, 1]' }), /no method "submit"/],
      [outgoing(NAMED, 'submit', target, { contractAbiJSON: odd('{"name":"proof","type":7}') }), /refuses the result/],
      [
        outgoing(NAMED, 'submit', target, {
          contractAbiJSON: odd('{"name":"x","type":"tuple"}'),
          payloads: ['{"x":1}'],
        }),
        /ABI type tuple/,
      ],
    ] as const)
      expect(String(await deliver(item))).toMatch(reason)
    expect(await deliver(outgoing(numeric, 'submit', target), { proverNumber: () => 5n })).toEqual({
      type: 'submitted',
    })
  })

  it.each(['anvil', '31337', 'https://rpc.example/v1/'])('finds the chain that %s names', async (chainEndpoint) => {
    const item = outgoing(NAMED, 'submit', await contract(accepting), { chainEndpoint })
    expect(await deliver(item)).toEqual({ type: 'submitted' })
  })

  it('calls no registry, router, token or empty address, nor itself', async () => {
    const { contracts } = world.deployment
    const any = parseAbi(['function submit(bytes proof)', 'function transfer(address receiver, uint256 projectId)'])
    const token = await contract(answering(1n))
    const staking = await contract(accepting)
    for (const [method, target, reason] of [
      ['submit', contracts.projectRegistrar, /registries, staking contracts and routers/],
      ['submit', contracts.fleetManager, /registries, staking contracts and routers/],
      ['submit', contracts.settlement, /registries, staking contracts and routers/],
      ['submit', staking, /registries, staking contracts and routers/],
      ['submit', world.settler.address, /registries, staking contracts and routers/],
      ['submit', token, /it is a token/],
      ['transfer', await contract(accepting), /"transfer" is a token's method/],
      ['submit', RECEIVER, /no contract at this address/],
      ['submit', `0x${'00'.repeat(19)}04`, /no contract at this address/],
    ] as const)
      expect(String(await deliver(outgoing(any, method, target), { refusedTargets: [staking] }))).toMatch(reason)
    // A token that is on no list: a collection of NFTs.
    const nfts = await deployContract(world.operator, 'NFTs', { abi: nodeRegistryAbi, bytecode: nodeRegistryBytecode })
    expect(String(await deliver(outgoing(any, 'submit', nfts)))).toMatch(/it is a token/)
  })

  it("decodes what the contract reverts with by the project file's ABI", async () => {
    const custom = encodeErrorResult({ abi: NAMED, errorName: 'Refused', args: [3n] })
    const item = outgoing(NAMED, 'submit', await contract(reverting(custom)))
    expect(String(await deliver(item))).toMatch(/refuses the result: Refused\(why: 3\)/)
    expect(await world.state.rowOf(item.record.id)).toBeNull()
  })

  it('refuses a contract that burns gas', async () => {
    const item = outgoing(NAMED, 'submit', await contract(burning))
    expect(String(await deliver(item))).toMatch(/more than the 3000000 gas|out of gas/i)
    expect(await world.state.rowOf(item.record.id)).toBeNull()
  })
})
