import { hash as digestOf } from 'node:crypto'
import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Writable } from 'node:stream'
import {
  ChainClient,
  ChainRegistry,
  type Contracts,
  chainPreset,
  type Deployment,
  deployContracts,
  EthereumContractDestination,
  EthereumSender,
  EthereumWatcher,
  LOCAL_CHAIN_ID,
  LocalSigner,
  type Operator,
  OutputDestinations,
  ProjectOwner,
  passSettled,
  RegisteredVerifier,
  RouterDestination,
  readChainId,
  readDeployment,
  readProverNumber,
  recoverAddress,
  StdoutDestination,
} from '@w3bstream/chain'
import { EmbeddedContent, LocalProjectDirectory, RoutedContent } from '@w3bstream/content'
import { weatherStatsAbi } from '@w3bstream/contracts'
import {
  consume,
  createW3bstream,
  type Handled,
  ProjectResolver,
  type ProvePorts,
  proveTask,
  type Runtime,
  type SettlePorts,
  settleTasks,
  systemClock,
  type Telemetry,
  type W3bstream,
  type W3bstreamModules,
} from '@w3bstream/core'
import { createApp, es256CredentialSigner } from '@w3bstream/http'
import { serve } from '@w3bstream/http/node'
import {
  type Domain,
  type Hash,
  type ProjectId,
  parseProjectFile,
  type TaskId,
  taskId,
  toHex,
  type VmType,
  W3bError,
} from '@w3bstream/protocol'
import { createRuntimes, findNative, inflateOnce, type NativeOptions, type Runtimes } from '@w3bstream/runtimes'
import { openStore, type Store, type StoreOptions } from '@w3bstream/store-sqlite'
import { Anvil } from './Anvil.ts'
import { checkPort } from './checkPort.ts'
import { credentialKey } from './credentialKey.ts'
import { DirectoryRegistry } from './DirectoryRegistry.ts'
import { gpuCount } from './gpuCount.ts'
import { idSecret } from './idSecret.ts'
import { loadKeys, type NodeKeys } from './keys.ts'
import { LOCAL_OWNER_KEY } from './localOwnerKey.ts'
import { type LogLevel, logLevel } from './logLevel.ts'
import { makeDataDir } from './makeDataDir.ts'
import { PROGRAM_LIMITS, PROVE_LIMITS } from './nodeLimits.ts'
import { operatorToken } from './operatorToken.ts'
import { PinoTelemetry } from './PinoTelemetry.ts'
import { Sequencer } from './Sequencer.ts'

/** Wraps a port before it is used: tests stop the process between two of its calls. */
export type Intercept = <T extends object>(name: string, port: T) => T

export interface LocalOptions {
  /** 0: any that is free. */
  readonly port: number
  readonly dataDir: string
  /** A directory of project files, named by project id. */
  readonly projectsDir?: string
  /** A chain's endpoint; absent: an anvil of this data directory's own. */
  readonly rpc?: string
  /** Default: `W3B_LOG_LEVEL`, else `warn`. */
  readonly logLevel?: LogLevel
  /** Where log lines go. Default: stderr. */
  readonly logTo?: ConstructorParameters<typeof PinoTelemetry>[1]
  /** In place of this node's own. */
  readonly runtimes?: ReadonlyMap<VmType, Runtime>
  /** The native runtime; null: none. Default: as `findNative` finds it. It is started by the first task that needs it. */
  readonly native?: NativeOptions | null
  /** Addresses of runtime images that serve kinds of programs, such as `grpc://127.0.0.1:4001`. */
  readonly external?: ReadonlyMap<VmType, string>
  readonly intercept?: Intercept
  readonly store?: Pick<StoreOptions, 'maxPages'>
  /** Told what is being done, for people. */
  readonly onProgress?: (step: string) => void
  /** Tasks proved at once: one project may have all places, another then gets one beyond them. Default: as many as there are cores. */
  readonly provers?: number
  /** Go on from the chain's nonce where it is ahead of the store's: an operator's word, after a restore. */
  readonly adoptChainNonce?: boolean
  /** Where `stdout` outputs are printed. Default: stderr. */
  readonly stdout?: Writable
  /** Most wei that a project may cost the settler on a UTC day. Default: 10 ether on the local chain; elsewhere 300 million gas at the chain's ceiling. */
  readonly maxSpendPerDay?: bigint
}

/** A running node. */
export interface LocalNode {
  readonly url: string
  readonly port: number
  readonly w3b: W3bstream
  readonly domain: Domain
  readonly contracts: Contracts
  readonly chain: ChainClient
  readonly rpcUrl: string
  readonly content: RoutedContent
  readonly store: Store
  readonly keys: NodeKeys
  /** Acts for project owners; only on the local chain. */
  readonly operator: Operator | null
  readonly telemetry: Telemetry
  /** Compiles a program ahead of its first task. */
  warm: Runtimes['warm']
  /** Makes the node believe the registry's newest state now. */
  syncRegistry(): Promise<void>
  /** Takes no more work, finishes what is in hand, and gives everything back. */
  close(): Promise<void>
}

const LOCAL_SPEND_PER_DAY = 10n * 10n ** 18n
const GAS_PER_DAY = 300_000_000n

const LIMITS = {
  maxMessageBytes: 2 ** 20,
  perProject: { perSecond: 50_000, burst: 100_000 },
  perDevice: { perSecond: 1_000, burst: 5_000 },
  perAddress: { perSecond: 50_000, burst: 100_000 },
  /** From the assignment: longer than the longest proof, which has to wait for its place before. */
  proveTimeoutMs: 120 * 60_000,
  programBytes: 32 * 2 ** 20,
} as const

const PROVING = {
  ...PROVE_LIMITS,
  leaseMs: 20_000,
  maxTries: 5,
  worker: `${process.pid}`,
} as const

/** Tasks of one project that wait in this process for a place, and how long; others wait in the queue. */
const LINE = 32
const LINE_MS = 60_000

/**
 * Starts every step and adapter in one process: store, chain, contracts, runtimes, sequencer, prover, settler and HTTP on 127.0.0.1.
 * Started again over the same data directory it goes on where it was.
 * @throws {StoreInUseError} @throws {LocalChainError} @throws {AddressInUseError} @throws {NonceBehindError} @throws {DataDirError}
 * @throws {InvalidInputError} a variable of the environment has a value that it cannot have
 */
export async function startLocal(o: LocalOptions): Promise<LocalNode> {
  const closers: (() => Promise<unknown> | unknown)[] = []
  const close = async (): Promise<void> => {
    for (let closer = closers.pop(); closer !== undefined; closer = closers.pop()) await closer()
  }
  try {
    return await start(o, closers, close)
  } catch (error) {
    await close()
    throw error
  }
}

async function start(
  o: LocalOptions,
  closers: (() => Promise<unknown> | unknown)[],
  close: () => Promise<void>,
): Promise<LocalNode> {
  const dataDir = resolve(o.dataDir)
  const progress = o.onProgress ?? (() => {})
  const wrap: Intercept = o.intercept ?? ((_, port) => port)
  const telemetry = new PinoTelemetry(o.logLevel ?? logLevel(), o.logTo)
  // Said before anything is started or deployed.
  const gpus = gpuCount()
  await checkPort(o.port)
  makeDataDir(dataDir)
  const store = await openStore({ dir: dataDir, ...o.store })
  closers.push(() => store.close())

  progress(o.rpc === undefined ? 'starting the local chain' : 'looking at the chain')
  const { rpcUrl, chain } = await openChain(o, dataDir, telemetry, closers)
  const keys = loadKeys(dataDir)
  const operator = chain.chainId === LOCAL_CHAIN_ID ? { chain, signer: LocalSigner.fromHex(LOCAL_OWNER_KEY) } : null
  progress('deploying contracts')
  const deployment = await findDeployment(operator, dataDir, chain)
  const { contracts } = deployment
  if (operator !== null) await fund(chain, keys)

  const domain: Domain = { chainId: chain.chainId, verifyingContract: contracts.projectRegistrar }
  const messages = wrap('messages', store.messages)
  const tasks = wrap('tasks', store.tasks)
  const blobs = wrap('blobs', store.blobs)
  const chainState = wrap('chain', store.chain)
  const proveQueue = wrap('proveQueue', store.queue('prove'))
  const settleQueue = wrap('settleQueue', store.queue('settle'))

  const chainRegistry = new ChainRegistry(
    { chain, state: store.chain, contracts, telemetry },
    { fromBlock: deployment.fromBlock },
  )
  await passSettled(
    { chain, state: store.chain, tasks: store.tasks },
    {
      router: contracts.settlement,
      sequencer: keys.sequencer.address,
      fromBlock: (await chainRegistry.followedTo()) ?? deployment.fromBlock,
    },
  )
  await chainRegistry.sync()
  chainRegistry.start()
  closers.push(() => chainRegistry.close())
  const directory = o.projectsDir === undefined ? undefined : new LocalProjectDirectory({ dir: resolve(o.projectsDir) })
  const local =
    directory === undefined ? undefined : await DirectoryRegistry.open({ directory, behind: chainRegistry, telemetry })
  if (local !== undefined) closers.push(() => local.close())
  const registry = local ?? chainRegistry
  const content = new RoutedContent(
    {
      embedded: new EmbeddedContent({ blobs: store.blobs }, { dir: join(dataDir, 'cids') }),
      ...(directory === undefined ? {} : { directory }),
    },
    contentEndpoints(),
  )
  const projects = new ProjectResolver({ registry, content, blobs: store.blobs, clock: systemClock, sha256 })

  const runtimes = createRuntimes({
    native: o.native === undefined ? findNative() : o.native,
    ...(o.external === undefined ? {} : { external: o.external }),
    ...(o.runtimes === undefined ? {} : { instead: o.runtimes }),
    machine: { ...(o.provers === undefined ? {} : { cores: o.provers }), gpus },
    maxWaiting: LINE,
    maxWaitMs: LINE_MS,
    telemetry,
    ...PROGRAM_LIMITS,
    programBytes: LIMITS.programBytes,
    // Warm children cost some 200 MB; starting them again costs less than a second.
    idleMs: 20_000,
  })
  closers.push(() => runtimes.close())

  const sender = new EthereumSender(
    {
      chain,
      signer: keys.settler,
      state: chainState,
      clock: systemClock,
      telemetry,
      router: contracts.settlement,
      abis: [weatherStatsAbi],
    },
    // The directory's lock makes this process the only signer: what was allocated and not signed, nobody is signing.
    {
      adoptChainNonce: o.adoptChainNonce ?? false,
      abandonAfterMs: 1_000,
      maxSpendPerDay:
        o.maxSpendPerDay ?? (operator === null ? GAS_PER_DAY * chain.preset.maxFeePerGas : LOCAL_SPEND_PER_DAY),
    },
  )
  await sender.checkStart()
  const watcher = new EthereumWatcher(
    { senders: [sender], state: chainState, telemetry },
    { routerFromBlock: deployment.fromBlock },
  )
  const proverNumber = await readProverNumber(chain, contracts, keys.prover.address)
  const destination = new OutputDestinations([
    new RouterDestination({ sender, contracts, abis: [weatherStatsAbi] }, { fromBlock: deployment.fromBlock }),
    new EthereumContractDestination(
      { chains: [{ sender, contracts, aliases: [rpcUrl] }] },
      { proverNumber: (prover) => (prover === keys.prover.address ? proverNumber : null) },
    ),
    // This process's own stdout belongs to the commands' --json.
    new StdoutDestination({ out: o.stdout ?? process.stderr }),
  ])

  let sequencer: Sequencer | undefined
  const modules: W3bstreamModules = {
    messages,
    tasks,
    blobs,
    projects,
    registry,
    quota: store.quota,
    clock: systemClock,
    telemetry,
    domain,
    idSecret: idSecret(dataDir),
    sha256,
    recover: recoverAddress,
    signer: keys.sequencer,
    provers: { provers: async () => [{ id: `did:io:${keys.prover.address.slice(2)}`, address: keys.prover.address }] },
    proveQueues: () => proveQueue,
    settleQueue,
    watcher,
    notReady: () =>
      chain.check().then(
        () => [],
        (error: unknown) => [error instanceof W3bError ? error.message : 'chain'],
      ),
    accepted: () => sequencer?.wake(),
  }
  const w3b = createW3bstream(modules, { ingest: LIMITS, proveTimeoutMs: LIMITS.proveTimeoutMs })
  closers.push(() => w3b.close())

  const tokens = store.tokens
  await operatorToken(tokens, dataDir, systemClock)
  const app = createApp({
    w3b,
    tokens,
    quota: store.quota,
    telemetry,
    clock: systemClock,
    metrics: async () => {
      const queues = { prove: proveQueue, settle: settleQueue }
      for (const [name, queue] of Object.entries(queues))
        telemetry.gauge('w3b_queue_depth', await queue.depth(), { queue: name })
      return telemetry.metrics()
    },
    credentialSigner: await es256CredentialSigner(await credentialKey(dataDir)),
    ...(operator === null ? {} : { publisher: publisher(operator, contracts, content, chainRegistry, keys) }),
    config: {
      maxMessageBytes: LIMITS.maxMessageBytes,
      quotas: { perAddress: LIMITS.perAddress },
      chainId: chain.chainId,
      projectContractAddress: contracts.projectRegistrar,
      operatorAddress: keys.settler.address,
    },
  })
  const server = await serve({ app, port: o.port })
  closers.push(() => server.close())

  // The prover is this node's own, and bounds programs itself: an attempt runs out only while tasks queue up or the chain is away.
  sequencer = new Sequencer(
    { ...modules, exports: store.exports },
    {
      limits: {
        graceMs: 5_000,
        proveTimeoutMs: LIMITS.proveTimeoutMs,
        overtimeMs: PROVE_LIMITS.timeoutMs,
        maxAttempts: 12,
        batch: 256,
      },
      everyMs: 1_000,
      followMs: Math.min(1_000, Math.max(20, chain.preset.blockTimeMs / 4)),
      settledMs: Math.max(50, chain.preset.blockTimeMs),
    },
  )
  const started = sequencer
  closers.push(() => started.close())
  const provePorts: ProvePorts = {
    ...modules,
    signer: keys.prover,
    runtimes,
    verifier: new RegisteredVerifier({ chain, contracts }),
    settlement: { chainId: chain.chainId, router: contracts.settlement },
    inflate: inflateOnce(LIMITS.programBytes),
  }
  closers.push(
    consume({
      queue: proveQueue,
      // Hints beyond the places wait in their project's line, so that a project with many leaves the others their turn.
      concurrency: Math.max(8 * LINE, 4 * runtimes.machine.cores),
      batch: 1,
      visibilityMs: 30_000,
      telemetry,
      handle: async ([body], signal) => {
        const id = taskId(body ?? '')
        return new Map<string, Handled>([[id, await proveTask(provePorts, PROVING, id, signal)]])
      },
    }),
  )
  const settlePorts: SettlePorts = { ...modules, destination }
  closers.push(
    consume({
      queue: settleQueue,
      concurrency: 1,
      batch: 16,
      visibilityMs: 60_000,
      telemetry,
      handle: async (bodies) => {
        const outcomes: Map<TaskId, Handled> = await settleTasks(settlePorts, { maxTries: 8 }, bodies.map(taskId))
        started.follow()
        return outcomes
      },
    }),
  )
  return {
    url: server.url,
    port: server.port,
    w3b,
    domain,
    contracts,
    chain,
    rpcUrl,
    content,
    store,
    keys,
    operator,
    telemetry,
    warm: (vmType, job) => runtimes.warm(vmType, job),
    syncRegistry: async () => {
      await chainRegistry.sync()
    },
    close,
  }
}

const sha256 = (bytes: Uint8Array): Uint8Array => digestOf('sha256', bytes, 'buffer')

async function openChain(
  o: LocalOptions,
  dataDir: string,
  telemetry: Telemetry,
  closers: (() => Promise<unknown> | unknown)[],
): Promise<{ rpcUrl: string; chain: ChainClient }> {
  if (o.rpc !== undefined) {
    const chain = new ChainClient({ preset: chainPreset(await readChainId(o.rpc)), rpc: [o.rpc], telemetry })
    closers.push(() => chain.close())
    await chain.check()
    return { rpcUrl: o.rpc, chain }
  }
  const anvil = await Anvil.start(dataDir)
  closers.push(() => anvil.stop())
  const chain = new ChainClient({ preset: chainPreset(LOCAL_CHAIN_ID), rpc: [anvil.url], telemetry })
  closers.push(() => chain.close())
  return { rpcUrl: anvil.url, chain }
}

/** The contracts: deployed on the local chain, named by the operator elsewhere. */
async function findDeployment(operator: Operator | null, dataDir: string, chain: ChainClient): Promise<Deployment> {
  const file = join(dataDir, 'deployment.json')
  if (operator !== null) return deployContracts(operator, file)
  if (!existsSync(file))
    throw new W3bError('NO_DEPLOYMENT', `Nothing says which contracts to use on chain ${chain.chainId}.`, {
      hint: `Deploy them with \`w3b contracts deploy\`, or write their addresses to ${file}; docs/operator-guide.md shows its form.`,
    })
  const deployment = readDeployment(file)
  if (deployment === null || deployment.chainId !== chain.chainId)
    throw new W3bError('WRONG_DEPLOYMENT', `${file} is not of chain ${chain.chainId}.`, {
      hint: 'Name an endpoint of its chain with --rpc, or use another data directory.',
    })
  return deployment
}

/** Gives the settler gas on the local chain; a balance that is set is not a transaction, so no nonce moves. */
async function fund(chain: ChainClient, keys: NodeKeys): Promise<void> {
  if ((await chain.balance(keys.settler.address)) >= 10n ** 18n) return
  await chain.request(
    'anvil_setBalance',
    [keys.settler.address, toHex(Uint8Array.of(0x21, 0xe1, 0x9e, 0x0c, 0x9b, 0xab, 0x24, 0, 0, 0))],
    () => null,
  )
}

function contentEndpoints() {
  const { W3B_KUBO_URL, W3B_IPFS_GATEWAY } = process.env
  return {
    ...(W3B_KUBO_URL === undefined ? {} : { kubo: W3B_KUBO_URL }),
    ...(W3B_IPFS_GATEWAY === undefined ? {} : { gateway: W3B_IPFS_GATEWAY }),
  }
}

function publisher(
  operator: Operator,
  contracts: Contracts,
  content: RoutedContent,
  registry: ChainRegistry,
  keys: NodeKeys,
) {
  const owner = new ProjectOwner(operator, contracts)
  return {
    async publish({ bytes, projectId }: { readonly bytes: Uint8Array; readonly projectId: ProjectId | null }) {
      parseProjectFile(bytes)
      const hash = toHex(sha256(bytes)) as Hash
      const uri = await content.publish(bytes)
      const registered = await owner.registerProject(projectId, uri, hash)
      await owner.allowSequencer(registered.projectId, keys.sequencer.address)
      await registry.sync()
      return { ...registered, uri, hash }
    },
  }
}
