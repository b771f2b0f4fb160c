import {
  type Address,
  BadSignatureError,
  checkPayload,
  type Did,
  type Domain,
  didOfAddress,
  fromHex,
  type Hash,
  type Hex,
  IdempotencyKeyReusedError,
  InvalidInputError,
  legacySigningDigests,
  type Message,
  type MessageId,
  messageDigest,
  messageIdFromKey,
  messageIdFromNonce,
  NonceReusedError,
  normaliseSignature,
  ProjectPausedError,
  QuotaExceededError,
  StoreUnavailableError,
  type TraceId,
  toHex,
  traceIdOf,
  uuidv7,
  uuidv7Run,
  verifyDeviceSignature,
  W3bError,
} from '@w3bstream/protocol'
import type { ProjectResolver } from './ProjectResolver.ts'
import type { Clock } from './ports/Clock.ts'
import type { Append, Appended, MessageLog } from './ports/MessageLog.ts'
import type { Allotment, Quota } from './ports/Quota.ts'
import type { Telemetry } from './ports/Telemetry.ts'
import type { IngestOutcome, IngestRequest } from './W3bstream.ts'

export interface IngestPorts {
  readonly messages: MessageLog
  readonly projects: Pick<ProjectResolver, 'version'>
  readonly quota: Quota
  readonly clock: Clock
  readonly telemetry: Telemetry
  /** Whose typed data devices sign. */
  readonly domain: Domain
  /** The deployment's own, 32 random bytes: without it nobody can tell a signed message's id from its nonce. Changing it changes ids to come. */
  readonly idSecret: Uint8Array
  /** sha-256 of bytes. */
  readonly sha256: (bytes: Uint8Array) => Uint8Array
  /** Signer of a 32-byte digest by a 65-byte signature. @throws when there is none */
  readonly recover: (digest: Hash, signature: Uint8Array) => Address
}

export interface IngestLimits {
  /** Bound on one payload in UTF-8. Default 1 MiB. */
  readonly maxMessageBytes: number
  readonly perProject: Allotment
  readonly perDevice: Allotment
}

const utf8 = new TextEncoder()

/**
 * Takes messages in: project and version, size, declared fields, who sent it, quotas; then one durable append for all that passed.
 *
 * Safe to repeat: a device's nonce or an authenticated sender's idempotency key gives the first answer again.
 * @returns one outcome a request, in order; what is refused does not harm its neighbours
 */
export async function ingest(
  ports: IngestPorts,
  limits: IngestLimits,
  requests: readonly IngestRequest[],
): Promise<IngestOutcome[]> {
  const outcomes = new Array<IngestOutcome>(requests.length)
  const entries: Append[] = []
  const places: number[] = []
  const accept = (index: number, entry: Append): void => {
    places.push(index)
    entries.push(entry)
  }
  const checks: Promise<void>[] = []
  const ids = new MessageIds(ports)
  const inCall = { ...ports, projects: oneLook(ports.projects) }
  for (const [index, request] of requests.entries()) {
    const refuse = (cause: unknown): void => {
      const error = cause instanceof W3bError ? cause : unexpected(ports, cause)
      ports.telemetry.count('w3b_messages_refused_total', { code: error.code })
      outcomes[index] = { accepted: false, error }
    }
    checks.push(check(inCall, limits, ids, request).then((entry) => accept(index, entry), refuse))
  }
  await Promise.all(checks)
  const appended = await append(ports, entries, callers(requests, places))
  for (const [i, result] of appended.entries()) {
    const entry = entries[i]
    const place = places[i]
    if (entry === undefined || place === undefined) continue
    const { message } = entry
    if (result.type === 'conflict') {
      const error = refusal(entry, result)
      ports.telemetry.count('w3b_messages_refused_total', { code: error.code })
      outcomes[place] = { accepted: false, error }
    } else {
      ports.telemetry.count('w3b_messages_total', { outcome: result.type, auth: message.auth })
      outcomes[place] = {
        accepted: true,
        id: result.id,
        duplicate: result.type === 'duplicate',
        device: message.device,
      }
    }
  }
  return outcomes
}

/** A batch looks once for what its messages have in common, also where calls share nothing. */
function oneLook(projects: IngestPorts['projects']): IngestPorts['projects'] {
  const looks = new Map<string, ReturnType<ProjectResolver['version']>>()
  return {
    version(id, version) {
      const name = JSON.stringify([id.toString(), version])
      const look = looks.get(name) ?? projects.version(id, version)
      looks.set(name, look)
      return look
    },
  }
}

/** What no check foresaw is one message's trouble, not its neighbours'. */
function unexpected(ports: IngestPorts, cause: unknown): W3bError {
  ports.telemetry.log('error', 'a message could not be checked', { reason: String(cause) })
  return new W3bError('INTERNAL', 'The message could not be checked.', { cause, retryable: true })
}

function* callers(requests: readonly IngestRequest[], places: readonly number[]): Generator<TraceId> {
  const traces = new Set(places.map((place) => requests[place]?.callerTrace))
  for (const trace of traces) if (trace !== undefined) yield trace
}

async function append({ messages, telemetry }: IngestPorts, entries: readonly Append[], callers: Iterable<TraceId>) {
  const [first, ...others] = entries
  if (first === undefined) return []
  const links = (function* () {
    yield* callers
    for (const { message } of others) yield traceIdOf(message.id)
  })()
  try {
    return await telemetry.span('ingest', { trace: traceIdOf(first.message.id), links }, () => messages.append(entries))
  } catch (cause) {
    if (cause instanceof W3bError) throw cause
    throw new StoreUnavailableError({ reason: 'the message log refused the write', cause })
  }
}

async function check(
  ports: IngestPorts,
  limits: IngestLimits,
  ids: MessageIds,
  request: IngestRequest,
): Promise<Append> {
  const { projectId } = request
  // What has no UTF-8 form reads as Go reads it, everywhere from the hash to the program.
  const payload = request.payload.toWellFormed()
  const { record, version } = await ports.projects.version(projectId, request.version)
  if (record.paused) throw new ProjectPausedError({ projectId })
  const bytes = utf8.encode(payload)
  if (bytes.length > limits.maxMessageBytes)
    throw new InvalidInputError({
      field: 'payload',
      problem: `has ${bytes.length} bytes; at most ${limits.maxMessageBytes} are taken`,
      status: 413,
    })
  checkPayload(version.inputs, payload)
  const payloadHash = toHex(ports.sha256(bytes)) as Hash
  const sender = await authenticate(ports, request, version.version, payloadHash)
  // A token says who may call, not which device measured.
  if (sender.device === null && version.devices.unsigned === 'reject')
    throw new BadSignatureError({
      reason: 'this project takes signed messages only',
      hint: 'Sign it as the device that sends it: `w3b message send --key-file`, or @w3bstream/sdk.',
    })
  take(ports.quota, `project:${projectId}`, limits.perProject)
  if (sender.device !== null) take(ports.quota, `device:${projectId}:${sender.device}`, limits.perDevice)
  // Without a nonce, only the log can refuse a repetition: this one may race with itself.
  const unique = sender.auth === 'legacy' && version.devices.legacyReplay === 'reject'
  if (sender.auth === 'legacy' && sender.device !== null && !unique) {
    const seen = await ports.messages.legacySeen(projectId, sender.device, payloadHash)
    if (seen) ports.telemetry.count('w3b_legacy_replays_total')
  }
  const now = ports.clock.now()
  // Keys count only for senders that are somebody: anyone could squat on a stranger's.
  const key = sender.principal === null ? null : request.idempotencyKey
  const principal = sender.principal ?? ''
  const message: Message = {
    id: ids.next({ request, sender, version: version.version, key, now }),
    projectId,
    version: version.version,
    auth: sender.auth,
    device: sender.device,
    nonce: sender.nonce,
    payload,
    payloadHash,
    signature: sender.signature,
    receivedAt: now,
  }
  return {
    message,
    idempotency: key === null ? null : { principal, key },
    ...(unique ? { unique: 'legacy' } : {}),
    ...(request.batch === true ? { batch: true } : {}),
  }
}

/** Gives the messages of one call their ids, as {@link Append} says. */
class MessageIds {
  readonly #ports: Pick<IngestPorts, 'domain' | 'idSecret'>
  readonly #runs = new Map<string, Generator<MessageId, undefined>>()

  constructor(ports: Pick<IngestPorts, 'domain' | 'idSecret'>) {
    this.#ports = ports
  }

  next(p: {
    readonly request: IngestRequest
    readonly sender: Sender
    readonly version: string
    readonly key: string | null
    readonly now: number
  }): MessageId {
    const { domain, idSecret } = this.#ports
    const { projectId, batch } = p.request
    const { device, nonce, principal } = p.sender
    if (device !== null && nonce !== null)
      return messageIdFromNonce({ secret: idSecret, domain, projectId, device, nonce })
    if (p.key !== null) return messageIdFromKey({ domain, projectId, principal: principal ?? '', key: p.key })
    return batch === true ? this.#nextInRun(`${projectId} ${p.version}`, p.now) : uuidv7(p.now)
  }

  #nextInRun(log: string, now: number): MessageId {
    const id = this.#runs.get(log)?.next().value
    if (id !== undefined) return id
    const run = uuidv7Run(now)
    this.#runs.set(log, run)
    return run.next().value ?? uuidv7(now)
  }
}

function refusal({ message, idempotency }: Append, { on, id }: Appended & { readonly type: 'conflict' }): W3bError {
  switch (on) {
    case 'nonce':
      return new NonceReusedError({ device: message.device ?? '', nonce: message.nonce ?? 0n, messageId: id })
    case 'key':
      return new IdempotencyKeyReusedError({ key: idempotency?.key ?? '', messageId: id })
    case 'legacy':
      return new BadSignatureError({
        reason: 'this project refuses a repeated message, and the older signature has no nonce',
      })
  }
}

interface Sender extends Pick<Message, 'auth' | 'device' | 'nonce' | 'signature'> {
  readonly principal: string | null
}

async function authenticate(
  ports: IngestPorts,
  request: IngestRequest,
  version: string,
  payloadHash: Hash,
): Promise<Sender> {
  const { credential, projectId } = request
  switch (credential.type) {
    case 'none':
      return { auth: 'none', device: null, nonce: null, signature: null, principal: null }
    case 'token':
      return { auth: 'token', device: null, nonce: null, signature: null, principal: `token:${credential.principal}` }
    case 'device': {
      const { device, nonce, signature } = credential
      const digest = messageDigest(ports.domain, { projectId, version, device, nonce, payloadHash })
      await verifyDeviceSignature({ did: device, digest, signature: fromHex(signature), recover: ports.recover })
      return { auth: 'device', device, nonce, signature, principal: device }
    }
    case 'legacy': {
      const device = legacyDevice(ports, request, credential.signature)
      return { auth: 'legacy', device, nonce: null, signature: credential.signature, principal: device }
    }
  }
}

function legacyDevice(ports: IngestPorts, request: IngestRequest, signature: Hex): Did {
  const [digest] = legacySigningDigests({
    projectId: request.projectId,
    version: request.version ?? '',
    data: request.payload,
  })
  // Older signers did not all keep s low; a flipped one names the same device, and the signature has no part in the message's identity.
  const normal = normaliseSignature(fromHex(signature), { highS: 'flip' })
  try {
    return didOfAddress(ports.recover(digest, normal))
  } catch (error) {
    if (error instanceof W3bError) throw error
    throw new BadSignatureError({ reason: 'no key makes it' })
  }
}

function take(quota: Quota, scope: string, allotment: Allotment): void {
  const waitMs = quota.take(scope, 1, allotment)
  if (waitMs > 0) throw new QuotaExceededError({ scope, retryAfterMs: waitMs })
}
