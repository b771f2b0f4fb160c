import { ed25519 } from '@noble/curves/ed25519.js'
import { p256 } from '@noble/curves/nist.js'
import { secp256k1 } from '@noble/curves/secp256k1.js'
import {
  address,
  assignmentDigest,
  bindingOf,
  concatBytes,
  didOfAddress,
  didOfKey,
  domainSeparator,
  fromHex,
  type Hash,
  type Hex,
  inclusionProof,
  keccak256,
  leafBlind,
  leafHash,
  legacySigningDigests,
  merkleRoot,
  messageDigest,
  messageId,
  messageIdFromKey,
  parseDid,
  projectId,
  resultDigest,
  taskDigest,
  taskNumber,
  toHex,
  verifierKey,
} from '@w3bstream/protocol'

const seeded = (name: string): Hash => keccak256(new TextEncoder().encode(name))
const account = (name: string) => address(seeded(name).slice(0, 42))
const domain = { chainId: 31337n, verifyingContract: account('registrar') }

/**
 * Everything that other implementations and the contracts must agree on, as JSON by file name. 64-bit integers are decimal strings.
 */
export function makeVectors(): Record<string, object> {
  return {
    'typed-data.json': typedData(),
    'merkle.json': merkle(),
    'device-signatures.json': deviceSignatures(),
    'identifiers.json': identifiers(),
  }
}

function typedData() {
  const task = {
    projectId: projectId(2n ** 64n - 1n),
    version: '0.1-β',
    configHash: seeded('config'),
    messagesRoot: seeded('root'),
    messageCount: 16,
    inputCommitment: seeded('commitment'),
    sequencer: account('sequencer'),
    number: 2n ** 53n - 1n,
  }
  const id = taskDigest(domain, task)
  const assignment = { task: id, prover: account('prover'), deadline: 1_800_000_000n, attempt: 2n }
  const result = {
    task: id,
    prover: account('prover'),
    proofHash: seeded('proof'),
    outputsHash: seeded('outputs'),
    chainId: 31337n,
    router: account('router'),
  }
  const messages = [
    { projectId: projectId(1n), version: '0.1', device: null, nonce: null, payloadHash: seeded('unsigned') },
    {
      projectId: projectId(1n),
      version: '0.1',
      device: didOfAddress(account('device')),
      nonce: 2n ** 64n - 1n,
      payloadHash: seeded('signed'),
    },
  ]
  return {
    domain,
    domainSeparator: toHex(domainSeparator(domain)),
    task: { value: task, digest: id },
    assignment: { value: assignment, digest: assignmentDigest(domain, assignment) },
    result: { value: result, digest: resultDigest(domain, result) },
    messages: messages.map((value) => ({ value, digest: messageDigest(domain, value) })),
    binding: { task: id, prover: result.prover, value: bindingOf(id, result.prover) },
    verifierKey: {
      projectId: task.projectId,
      configHash: task.configHash,
      version: task.version,
      value: verifierKey(task.projectId, task.configHash, task.version),
    },
  }
}

function merkle() {
  const salt = seeded('salt')
  const members = Array.from({ length: 7 }, (_, i) => {
    const id = messageId(`01890000-0000-7000-8000-0000000000${i.toString().padStart(2, '0')}`)
    const digest = seeded(`digest ${i}`)
    const blind = leafBlind(salt, id)
    return { messageId: id, digest, blind, leaf: leafHash(id, digest, blind) }
  })
  const leaves = members.map((member) => member.leaf)
  return {
    leaf: { salt, members },
    trees: leaves.map((_, last) => {
      const some = leaves.slice(0, last + 1)
      return { leaves: some, root: merkleRoot(some), proofs: some.map((_leaf, index) => inclusionProof(some, index)) }
    }),
  }
}

function deviceSignatures() {
  const digest = seeded('message')
  const secret = fromHex(seeded('secret'))
  const recovered = secp256k1.sign(fromHex(digest), secret, { prehash: false, format: 'recovered' })
  const signature = toHex(concatBytes(recovered.subarray(1), Uint8Array.of(27 + (recovered[0] ?? 0))))
  const byKey = didOfKey('secp256k1', secp256k1.getPublicKey(secret))
  const key = parseDid(byKey)
  const device = key.type === 'secp256k1' ? didOfAddress(key.address) : byKey
  const legacy = { projectId: projectId(2n ** 64n - 1n), version: '0.1', data: '{"a":"<&>\u2028 é\ud83d\ude00"}' }
  const [legacyDigest] = legacySigningDigests(legacy)
  return {
    digest,
    valid: [
      { did: device, signature },
      { did: byKey, signature },
      {
        did: didOfKey('ed25519', ed25519.getPublicKey(secret)),
        signature: toHex(ed25519.sign(fromHex(digest), secret)),
      },
      { did: didOfKey('p256', p256.getPublicKey(secret)), signature: toHex(p256.sign(fromHex(digest), secret)) },
    ],
    legacy: { ...legacy, digest: legacyDigest },
  }
}

function identifiers() {
  const keyed = { projectId: projectId(1n), principal: didOfAddress(account('device')), key: 'reading 7' }
  const numbered: readonly [Hex, number][] = [
    [account('sequencer'), 1],
    [account('sequencer'), 2 ** 32 - 1],
  ]
  return {
    messageIdFromKey: { domain, ...keyed, messageId: messageIdFromKey({ domain, ...keyed }) },
    taskNumbers: numbered.map(([sequencer, sequence]) => ({
      sequencer,
      sequence,
      number: taskNumber(sequencer, sequence),
    })),
  }
}

/** The text of a vector file. */
export function vectorText(vector: object): string {
  return `${JSON.stringify(vector, (_name, value: unknown) => (typeof value === 'bigint' ? value.toString() : value), 2)}\n`
}
