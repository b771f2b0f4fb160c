import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { deflateSync } from 'node:zlib'
import { type LocalNode, startLocal } from '@w3bstream/local'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { httpServer } from './test/httpServer.ts'
import { type CliRun, runCli, startCli } from './test/runCli.ts'
import { runMain } from './test/runMain.ts'

/** A module of the plain wasm runtime: memory, `alloc`, which always gives 1024, and `start` with this body. */
function wasmModule(start: string): Buffer {
  const body = Buffer.from(start, 'hex')
  const alloc = Buffer.from('05004180080b', 'hex')
  const head =
    '0061736d0100000001060160017f017f03030200000503010001071a03066d656d6f72790200057374617274000005616c6c6f630001'
  const code = Buffer.concat([Buffer.of(2, body.length), body, alloc])
  return Buffer.concat([Buffer.from(head, 'hex'), Buffer.of(0x0a, code.length), code])
}
const projectFile = (module: Buffer) =>
  JSON.stringify({
    defaultVersion: '0.1',
    versions: [{ version: '0.1', vmTypeID: 4, code: deflateSync(module).toString('hex') }],
  })
/** `i32.const 0`, and `unreachable`. */
const WORKS = projectFile(wasmModule('0041000b'))
const TRAPS = projectFile(wasmModule('00000b'))
/** Keys of nobody: 32 bytes each. */
const KEY = `0x${'11'.repeat(32)}`

let dir: string
let node: LocalNode

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'w3b-cli-road-'))
  await mkdir(join(dir, 'projects'))
  await writeFile(join(dir, 'projects', '7.json'), WORKS)
  await writeFile(join(dir, 'projects', '8.json'), TRAPS)
  await writeFile(join(dir, 'device.key'), KEY, { mode: 0o600 })
  node = await startLocal({
    port: 0,
    dataDir: join(dir, 'data'),
    projectsDir: join(dir, 'projects'),
    logLevel: 'silent',
  })
})
afterAll(async () => {
  await node.close()
  await rm(dir, { recursive: true, force: true })
})

const w3b = (...args: string[]): Promise<CliRun> => runMain(args, { env: { W3B_URL: node.url } })
const operator = (...args: string[]): Promise<CliRun> => w3b(...args, '--data-dir', join(dir, 'data'))
/** The one JSON value that a successful command prints. */
async function json(run: Promise<CliRun>): Promise<Record<string, unknown>> {
  const { code, stdout, stderr } = await run
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  return JSON.parse(stdout)
}
async function sent(...args: string[]): Promise<string> {
  return String((await json(w3b('message', 'send', ...args, '--json'))).messageId)
}

describe('w3b with a node', () => {
  it('sends a message, follows it to its end, and checks its receipt', async () => {
    const id = await sent('7', '{"a":1}')
    const watched = await w3b('message', 'show', id, '--watch')
    expect(watched.code).toBe(0)
    const states = ['received', 'packed', 'assigned', 'proved', 'settled', 'finalized']
    expect(
      watched.stdout
        .split('\n')
        .slice(0, 6)
        .map((line) => line.split(/ +/)[1]),
    ).toEqual(states)
    expect(await json(w3b('message', 'show', id, '--json'))).toMatchObject({ messageId: id, state: 'finalized' })

    const out = join(dir, 'receipt.json')
    const receipt = await json(w3b('message', 'receipt', id, '--out', out, '--json'))
    expect(JSON.parse(await readFile(out, 'utf8'))).toEqual(receipt)
    expect((await w3b('receipt', id)).stdout).toContain(`message   ${id}`)

    await writeFile(join(dir, 'data.txt'), '{"a":1}')
    const verdict = await json(w3b('verify', out, '--offline', '--data-file', join(dir, 'data.txt'), '--json'))
    expect(verdict).toMatchObject({ ok: true, offline: true })
    await writeFile(join(dir, 'other.txt'), '{"a":2}')
    expect((await w3b('verify', out, '--offline', '--data-file', join(dir, 'other.txt'))).code).toBe(1)
    // Nothing of this task went to a chain.
    const asked = await w3b('verify', out, '--rpc', node.rpcUrl)
    expect(asked.code).toBe(1)
    expect(asked.stdout).toContain('✗ settled')
    const away = await w3b('verify', out, '--rpc', 'http://127.0.0.1:1')
    expect(away.code).toBe(1)

    const task = receipt.taskId
    expect((await w3b('task', 'show', String(task))).stdout).toContain('finalized')
  })

  it('finds a receipt that was changed', async () => {
    const id = await sent('7', '{"a":1}')
    await w3b('message', 'show', id, '--watch')
    const receipt = await json(w3b('receipt', id, '--json'))
    const changed = JSON.stringify({ ...receipt, merkleRoot: `0x${'00'.repeat(32)}` })
    const verdict = await runMain(['verify', '-', '--offline', '--json'], { input: changed })
    expect(verdict.code).toBe(1)
    expect(JSON.parse(verdict.stdout)).toMatchObject({ ok: false })
    expect((await runMain(['verify', '-', '--offline'], { input: '{}' })).code).toBe(1)
  })

  it('signs as a device, once a nonce', async () => {
    const domain = ['--chain-id', String(node.domain.chainId), '--registry', node.domain.verifyingContract]
    const key = ['--key-file', join(dir, 'device.key'), ...domain]
    const first = await json(w3b('message', 'send', '7', 'x', ...key, '--nonce', '5', '--json'))
    expect(first).toMatchObject({
      duplicate: false,
      device: expect.stringMatching(/^did:io:[0-9a-f]{40}$/),
      nonce: '5',
    })
    expect(await json(w3b('message', 'send', '7', 'x', ...key, '--nonce', '5', '--json'))).toMatchObject({
      duplicate: true,
      messageId: first.messageId,
    })
    const reused = await w3b('message', 'send', '7', 'y', ...key, '--nonce', '5', '--json')
    expect(reused.code).toBe(1)
    expect(JSON.parse(reused.stdout)).toMatchObject({ code: 'NONCE_REUSED' })
    expect(await json(w3b('message', 'show', String(first.messageId), '--json'))).toMatchObject({ auth: 'device' })
    const elsewhere = [
      '--key-file',
      join(dir, 'device.key'),
      '--chain-id',
      '1',
      '--registry',
      node.domain.verifyingContract,
    ]
    const refused = await w3b('message', 'send', '7', 'x', ...elsewhere, '--json')
    expect(JSON.parse(refused.stdout)).toMatchObject({ code: 'BAD_SIGNATURE' })
    // What is wrong is not the caller's token.
    expect(refused.stdout).not.toContain('W3B_TOKEN')
  })

  it('shows a failure with exit code 1, and replays it for an operator', async () => {
    const id = await sent('8', '{"a":1}')
    const watched = await w3b('message', 'show', id, '--watch', '--json')
    expect(watched.code).toBe(1)
    const { state, task } = JSON.parse(watched.stdout)
    expect(state).toBe('failed')
    const stranger = await runMain(['task', 'replay', task.id, '--url', node.url, '--json'], {
      env: { W3B_TOKEN: 'w3b_wrong' },
    })
    expect(stranger.code).toBe(1)
    expect(JSON.parse(stranger.stdout)).toMatchObject({ meta: { status: 401 } })
    expect(await json(operator('task', 'replay', task.id, '--json'))).toMatchObject({ id: task.id })
    await w3b('message', 'show', id, '--watch')
    const shown = await json(w3b('task', 'show', task.id, '--json'))
    expect(JSON.stringify(shown.states).match(/"failed"/g)).toHaveLength(2)
  })

  it('publishes a project, shows it, and updates it', async () => {
    const file = join(dir, 'new.json')
    await writeFile(file, TRAPS)
    const published = await json(operator('project', 'publish', file, '--json'))
    const id = String(published.projectId)
    expect((await w3b('project', 'show', id)).stdout).toContain(String(published.uri))
    await writeFile(file, WORKS)
    const updated = await json(operator('project', 'publish', file, '--project', id, '--json'))
    expect(updated).toMatchObject({ projectId: id, transactionHash: expect.stringMatching(/^0x[0-9a-f]{64}$/) })
    expect(updated.transactionHash).not.toBe(published.transactionHash)
    expect(updated.uri).not.toBe(published.uri)
    const { projects } = await json(w3b('project', 'list', '--json'))
    expect(projects).toContainEqual(expect.objectContaining({ id, uri: updated.uri }))
    await writeFile(file, 'junk')
    expect((await operator('project', 'publish', file)).code).toBe(1)
  })

  it('registers a project, its verifier, its sequencer and its dApp with the owner’s key, without a node', async () => {
    const file = join(dir, 'owned.json')
    await writeFile(file, WORKS)
    // An account of anvil's mnemonic that nothing else here uses.
    const key = '0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d'
    await writeFile(join(dir, 'owner.key'), key, { mode: 0o600 })
    const owner = (...args: string[]) =>
      runMain([...args, '--data-dir', join(dir, 'data'), '--json'], {
        env: { W3B_OWNER_KEY_FILE: join(dir, 'owner.key') },
      })
    const published = await json(owner('project', 'publish', file, '--uri', 'ipfs://bafkreiowned'))
    const id = String(published.projectId)
    expect(published).toMatchObject({ uri: 'ipfs://bafkreiowned', transactionHash: expect.stringMatching(/^0x/) })
    expect(
      await json(owner('project', 'publish', file, '--uri', 'ipfs://bafkreiowned', '--project', id)),
    ).toMatchObject({
      transactionHash: null,
    })

    const verifier = [
      'project',
      'verifier',
      id,
      '--output-words',
      '4',
      '--proof-bytes',
      '1984',
      '--project-version',
      '0.1',
    ]
    const registered = await json(owner(...verifier, '--contract', node.contracts.fleetManager, '--no-input-bound'))
    expect(registered).toMatchObject({ projectId: id, verifier: node.contracts.fleetManager, inputBound: false })
    expect(registered).toMatchObject({ verifyGas: 600_000, proofBytes: 1984 })
    // It is registered for good: what is reported is that, and not what was asked for.
    const again = await owner(
      ...[...verifier, '--contract', node.contracts.fleetManager, '--no-input-bound', '--verify-gas', '700000'],
    )
    expect(again).toMatchObject({ code: 0, stderr: expect.stringContaining('get 600000 gas, not 700000') })
    expect(JSON.parse(again.stdout)).toMatchObject({ verifyGas: 600_000 })
    const other = await owner(...verifier, '--contract', node.contracts.nodeRegistry)
    expect(other.code).toBe(1)
    expect(JSON.parse(other.stdout)).toMatchObject({ code: 'VERIFIER_TAKEN' })

    const guest = [
      ...['project', 'register-verifier', id, '--risc0', '--output-words', '8', '--project-version', '0.2'],
      '--image-id',
    ]
    const imageId = `0x${'2a'.repeat(32)}`
    expect(await json(owner(...guest, imageId))).toMatchObject({
      verifier: node.contracts.riscZeroRouter,
      imageId,
      selector: '0x73c457ba',
      proofBytes: 260,
      inputBound: true,
    })
    expect(await json(owner(...guest, imageId))).toMatchObject({ imageId })
    expect(JSON.parse((await owner(...guest, `0x${'2b'.repeat(32)}`)).stdout)).toMatchObject({ code: 'VERIFIER_TAKEN' })
    const next = [...guest.map((word) => word.replace('0.2', '0.3')), imageId]
    for (const [command, reason] of [
      [[...next, '--selector', '0xffffffff'], /FakeReceipt/],
      [[...next, '--selector', '0x12345678'], /SelectorUnknown/],
      [[...next, '--selector', '0x12345678', '--contract', String(node.contracts.riscZeroVerifier)], /0x73c457ba, not/],
      [[...next, '--contract', node.contracts.fleetManager], /does not verify RISC Zero receipts/],
      [[...next, '--selector', '0x1234'], /8 hex digits/],
      [[...next, '--proof-bytes', '256'], /one length/],
      [['project', 'verifier', id, '--risc0', '--output-words', '8'], /--image-id/],
      [['project', 'verifier', id, '--output-words', '8', '--image-id', imageId], /--risc0/],
      [['project', 'verifier', id, '--output-words', '8', '--proof-bytes', '64'], /--contract/],
    ] as const) {
      const refused = await owner(...command)
      expect(refused.code).not.toBe(0)
      expect(refused.stdout).toMatch(reason)
    }

    const { riscZeroRouter, riscZeroVerifier, ...contracts } = node.contracts
    const older = join(dir, 'older')
    await mkdir(older)
    const deployment = { chainId: '31337', fromBlock: '0', contracts }
    await writeFile(join(older, 'deployment.json'), JSON.stringify(deployment))
    for (const contract of [[], ['--contract', String(riscZeroVerifier)]]) {
      const asked = [...next, ...contract, '--data-dir', older, '--rpc', node.rpcUrl, '--json']
      const refused = await runMain(asked, { env: { W3B_OWNER_KEY_FILE: join(dir, 'owner.key') } })
      expect(refused.code).toBe(2)
      expect(JSON.parse(refused.stdout)).toMatchObject({
        error: 'This deployment has no verifier of RISC Zero receipts.',
        hint: expect.stringContaining('a new --data-dir, or move deployment.json away first'),
      })
    }

    await json(owner('project', 'allow-sequencer', id, node.keys.sequencer.address))
    await json(owner('project', 'bind', id, node.contracts.nodeRegistry))
    const stranger = await runMain([
      'project',
      'bind',
      id,
      node.contracts.fleetManager,
      '--data-dir',
      join(dir, 'data'),
    ])
    expect(stranger.code).toBe(1)
    expect(stranger.stderr).toContain('Binding the dApp failed')
  })

  it('deploys the contracts of another deployment, once', async () => {
    const data = join(dir, 'deployed')
    const deploy = () => json(w3b('contracts', 'deploy', '--rpc', node.rpcUrl, '--data-dir', data, '--json'))
    const first = await deploy()
    expect(first).toMatchObject({ chainId: '31337', endpoint: node.rpcUrl })
    expect(JSON.parse(await readFile(join(data, 'deployment.json'), 'utf8'))).toMatchObject({
      chainId: '31337',
      contracts: first.contracts,
    })
    expect(await deploy()).toEqual(first)
    await writeFile(join(data, 'deployment.json'), JSON.stringify({ ...first, chainId: '4690' }))
    const elsewhere = await w3b('contracts', 'deploy', '--rpc', node.rpcUrl, '--data-dir', data, '--json')
    expect(elsewhere.code).toBe(1)
    expect(JSON.parse(elsewhere.stdout)).toMatchObject({ code: 'WRONG_DEPLOYMENT' })
  })

  it('makes, lists and revokes tokens', async () => {
    const made = await json(
      operator(
        'token',
        'create',
        '--label',
        'reader',
        '--scope',
        'send,read',
        '--project',
        '7',
        '--expires',
        '2',
        '--json',
      ),
    )
    expect(made).toMatchObject({ label: 'reader', scopes: ['send', 'read'], projectId: '7' })
    const id = await sent('7', 'secret data')
    const env = { W3B_URL: node.url, W3B_TOKEN: String(made.secret) }
    expect((await runMain(['message', 'show', id], { env })).stdout).toContain('secret data')
    expect((await w3b('message', 'show', id)).stdout).not.toContain('secret data')
    const listed = await operator('token', 'list')
    expect(listed.stdout).toContain(`${made.id}  reader: send, read; project 7; until `)
    expect(listed.stdout).not.toContain(String(made.secret))
    expect((await operator('token', 'revoke', String(made.id))).code).toBe(0)
    expect((await operator('token', 'revoke', String(made.id))).code).toBe(1)
    expect((await runMain(['message', 'show', id], { env })).code).toBe(1)
  })

  it('says what is not there', async () => {
    const nowhere = await w3b('message', 'show', '0192f5a0-0000-7000-8000-000000000000', '--json')
    expect(nowhere.code).toBe(1)
    expect(JSON.parse(nowhere.stdout)).toMatchObject({ code: 'MESSAGE_NOT_FOUND' })
    expect((await w3b('project', 'show', '99999')).code).toBe(1)
    expect((await w3b('task', 'show', `0x${'ab'.repeat(32)}`)).code).toBe(1)
    const tokenless = await w3b('project', 'publish', join(dir, 'projects', '7.json'))
    expect(tokenless.code).toBe(1)
  })
})

describe('w3b dev', () => {
  it('serves until Ctrl-C, prints one JSON value, and goes on over the same data', async () => {
    const data = join(dir, 'dev')
    const args = ['dev', '--port', '0', '--data-dir', data, '--projects', join(dir, 'projects'), '--json']
    const first = startCli(args)
    const { url } = JSON.parse(await first.until((stdout) => stdout.endsWith('\n')))
    const accepted = await runMain(['message', 'send', '7', 'x', '--url', url, '--json'])
    const { messageId } = JSON.parse(accepted.stdout)
    first.kill('SIGINT')
    const { code, stdout } = await first.ended
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({ dataDir: data, chainId: '31337' })

    // Without --json what goes to `stdout` outputs is printed there.
    const second = startCli(args.slice(0, -1))
    const again = await second.until((text) => text.includes('(for operators)'))
    const watch = ['message', 'show', messageId, '--watch', '--url', /http:\S+/.exec(again)?.[0] ?? '']
    const watched = await runMain(watch)
    expect(watched.stdout).toContain('finalized')
    await second.until((text) => text.includes('"taskId"'))
    second.kill('SIGTERM')
    expect((await second.ended).code).toBe(0)
  })

  it('takes its chain and its log level from the environment, and shows no path of an endpoint', async () => {
    const env = { W3B_RPC: `${node.rpcUrl}/?key=secret`, W3B_LOG_LEVEL: 'error' }
    const child = startCli(['dev', '--port', '0', '--data-dir', join(dir, 'elsewhere'), '--json'], { env })
    expect(JSON.parse(await child.until((text) => text.endsWith('\n')))).toMatchObject({ rpcUrl: node.rpcUrl })
    child.kill('SIGINT')
    const { code, stdout, stderr } = await child.ended
    expect(code).toBe(0)
    expect(stdout + stderr).not.toContain('secret')
    const loud = await runCli(['dev', '--port', '0'], { env: { W3B_LOG_LEVEL: 'loud' } })
    expect(loud.code).toBe(2)
    expect(loud.stderr).toContain('W3B_LOG_LEVEL')
  })

  it('says in one line that the port is taken', async () => {
    const url = await httpServer(() => {})
    const { code, stdout, stderr } = await runCli([
      'dev',
      '--port',
      new URL(url).port,
      '--data-dir',
      join(dir, 'taken'),
    ])
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toMatch(/^w3b: .*port/i)
    expect(stderr).not.toContain('    at ')
  })

  it('says in one line that the data directory is another node’s', async () => {
    const { code, stderr } = await runCli(['dev', '--port', '0', '--data-dir', join(dir, 'data')])
    expect(code).toBe(1)
    expect(stderr.trim().split('\n').length).toBeLessThan(3)
    expect(stderr).toContain(join(dir, 'data'))
  })
})

describe('w3b verify', () => {
  it('finds the chain and the router of the data directory, and says whom it trusts', {
    timeout: 120_000,
  }, async () => {
    const data = join(dir, 'settled')
    const script = join(import.meta.dirname, '../../../scripts/start.mjs')
    const started = await promisify(execFile)(process.execPath, [
      script,
      '--once',
      '--json',
      '--port',
      '0',
      '--data-dir',
      data,
    ])
    const file = join(dir, 'settled.json')
    await writeFile(file, started.stdout)
    const settled = await startLocal({ port: 0, dataDir: data, logLevel: 'silent' })
    onTestFinished(() => settled.close())
    const router = settled.contracts.settlement

    expect(await json(w3b('verify', file, '--data-dir', data, '--json'))).toMatchObject({
      ok: true,
      endpoint: settled.rpcUrl,
      router: { address: router, source: 'deployment' },
    })
    const stranger = ['verify', file, '--rpc', settled.rpcUrl, '--data-dir', join(dir, 'nothing')]
    const unknown = await w3b(...stranger)
    expect(unknown.code).toBe(0)
    expect(unknown.stdout).toContain(`asked ${settled.rpcUrl}; ${router}: router taken from the receipt`)
    const other = await w3b(...stranger, '--router', settled.contracts.fleetManager, '--json')
    expect(other.code).toBe(1)
    expect(JSON.parse(other.stdout).checks).toContainEqual(expect.objectContaining({ name: 'router', ok: false }))
  })
})
