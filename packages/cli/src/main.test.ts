import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { httpServer } from './test/httpServer.ts'
import { runCli } from './test/runCli.ts'
import { runMain } from './test/runMain.ts'

const ID = '0192f5a0-0000-7000-8000-000000000000'
const TASK = `0x${'ab'.repeat(32)}`

async function tempDir(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'w3b-cli-'))
  onTestFinished(() => rm(dir, { recursive: true, force: true }))
  return dir
}

/** A port that nothing listens on. */
async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  if (typeof address !== 'object' || address === null) throw new Error('no port')
  return address.port
}

describe('w3b', () => {
  it.each([[['--help']], [['help', 'message']], [['message', 'send', '--help']], [['--version']]])(
    '%j is answered on stdout, exit code 0',
    async (args) => {
      const { code, stdout, stderr } = await runMain(args)
      expect(code).toBe(0)
      expect(stdout).not.toBe('')
      expect(stderr).toBe('')
    },
  )

  it.each([
    [[]],
    [['message']],
    [['frobnicate']],
    [['message', 'sned', '1', 'x']],
    [['message', 'send']],
    [['message', 'send', '1']],
    [['message', 'send', '0', 'x']],
    [['message', 'send', '18446744073709551616', 'x']],
    [['message', 'send', '1', 'x', '--file', 'y']],
    [['message', 'send', '1', 'x', '--nonce', '1']],
    [['message', 'send', '1', '--file', '/no/such/file']],
    [['message', 'send', '1', 'x', '--key-file', '/no/such/file']],
    [['message', 'send', '1', 'x', 'y']],
    [['message', 'send', '1', 'x', '--unknown']],
    [['message', 'show', 'x']],
    [['message', 'show', ID, '--url', 'ftp://x']],
    [['message', 'show', ID, '--url', 'http://user:pw@127.0.0.1']],
    [['message', 'show', ID, '--token-file', '/no/such/file']],
    [['receipt']],
    [['verify', '/no/such/file', '--offline']],
    [['verify', '/dev/null', '--offline']],
    [['verify', '/dev/null']],
    [['verify', '/dev/null', '--offline', '--rpc', 'http://127.0.0.1:1']],
    [['task', 'show', '1']],
    [['project', 'show', 'x']],
    [['token', 'create', '--label', 'x']],
    [['token', 'create', '--label', 'x', '--scope', 'everything']],
    [['token', 'create', '--label', 'x', '--scope', 'send', '--expires', 'soon']],
    [['token', 'revoke']],
    [['dev', '--port', '70000']],
    [['dev', '--port', 'x']],
    [['dev', '--rpc', 'nowhere']],
    [['dev', '--max-spend', 'all']],
    [['dev', '--runtime', 'risc0']],
    [['dev', '--runtime', 'risc0=http://127.0.0.1:1']],
    [['verify', '/dev/null', '--router', '0x1', '--rpc', 'http://127.0.0.1:1']],
    [['contracts', 'deploy', '--data-dir', '/nowhere']],
    [['contracts', 'deploy', '--rpc', 'ftp://x']],
    [['project', 'bind', '1', 'x']],
    [['project', 'bind', '1', `0x${'11'.repeat(20)}`, '--data-dir', '/nowhere']],
    [['project', 'verifier', '1', '--contract', `0x${'11'.repeat(20)}`]],
    [['project', 'verifier', '1', '--contract', `0x${'11'.repeat(20)}`, '--output-words', '0', '--proof-bytes', '1']],
    [['project', 'allow-sequencer', 'x', `0x${'11'.repeat(20)}`]],
  ])('%j is a usage error: exit code 2, words on stderr, nothing on stdout', async (args) => {
    const { code, stdout, stderr } = await runMain(args)
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).not.toBe('')
    expect(stderr).not.toContain('    at ')
  })

  it('is a command whose exit codes and streams are those of main', async () => {
    expect(await runCli(['--version'])).toEqual({ code: 0, stdout: '0.1.0\n', stderr: '' })
    const { code, stdout, stderr } = await runCli(['message', 'show', 'x', '--json'])
    expect(JSON.parse(stdout)).toMatchObject({ code: 'INVALID_INPUT' })
    expect({ code, stderr }).toEqual({ code: 2, stderr: 'w3b: messageId has to be a UUID\n' })
  })

  it.each([
    [['message', 'send', '1', '--json']],
    [['--json', 'frobnicate']],
    [['message', 'show', 'x', '--json']],
    [['token', 'create', '--json']],
  ])('%j puts one JSON value on stdout', async (args) => {
    const { code, stdout } = await runMain(args)
    expect(code).toBe(2)
    expect(JSON.parse(stdout)).toMatchObject({ code: expect.any(String), error: expect.any(String) })
  })

  it('takes --json after -- for data', async () => {
    const { code, stderr, stdout } = await runMain(['message', 'send', '1', '--', '--json', 'two'])
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toContain('too many arguments')
  })

  it.each([
    [['message', 'send', '1', 'x']],
    [['message', 'show', ID]],
    [['message', 'show', ID, '--watch']],
    [['receipt', ID]],
    [['message', 'receipt', ID]],
    [['project', 'show', '1']],
    [['project', 'list']],
    [['task', 'show', TASK]],
    [['task', 'replay', TASK]],
    [['token', 'list']],
    [['token', 'revoke', 'x']],
    [['token', 'create', '--label', 'x', '--scope', 'send']],
  ])('%j says in one line that no node is there', async (args) => {
    const url = `http://127.0.0.1:${await freePort()}`
    const people = await runMain(args, { env: { W3B_URL: url } })
    expect({ code: people.code, stdout: people.stdout }).toEqual({ code: 1, stdout: '' })
    expect(people.stderr.split('\n')[0]).toBe(`w3b: No node answers at ${url}: connection refused.`)
    const scripts = await runMain([...args, '--json', '--url', url])
    expect(scripts.code).toBe(1)
    expect(JSON.parse(scripts.stdout)).toMatchObject({ code: 'NODE_UNREACHABLE' })
  })

  it('says that what answers is no node', async () => {
    const url = await httpServer((_, response) => response.end('<html>'))
    const { code, stderr } = await runMain(['message', 'show', ID, '--url', url])
    expect(code).toBe(1)
    expect(stderr).toContain('is no W3bstream node')
  })

  it('gives a refusal in the node’s own words, without its control characters', async () => {
    const url = await httpServer((_, response) =>
      response
        .writeHead(429, { 'content-type': 'application/json', 'retry-after': '3' })
        .end('{"code":"QUOTA_EXCEEDED","error":"Slow \\u001b[2Jdown.","hint":"Wait."}'),
    )
    const people = await runMain(['message', 'send', '1', 'x', '--url', url])
    expect(people).toEqual({ code: 1, stdout: '', stderr: 'w3b: Slow  [2Jdown.\n     Wait.\n' })
    const scripts = await runMain(['message', 'send', '1', 'x', '--url', url, '--json'])
    expect(JSON.parse(scripts.stdout)).toMatchObject({ code: 'QUOTA_EXCEEDED', hint: 'Wait.', meta: { status: 429 } })
  })

  it('sends what it was given, and a token only from where tokens belong', async () => {
    const seen: { authorization: string | undefined; key: unknown; body: string }[] = []
    const url = await httpServer((request, response) => {
      let body = ''
      request.on('data', (chunk) => {
        body += chunk
      })
      request.on('end', () => {
        const { authorization, 'idempotency-key': key } = request.headers
        seen.push({ authorization, key, body })
        response.end(`{"messageId":"${ID}","duplicate":false}`)
      })
    })
    const dir = await tempDir()
    await writeFile(join(dir, 'token'), 'from-file\n')
    await writeFile(join(dir, 'operator.token'), 'operator')
    const send = ['message', 'send', '18446744073709551615', '--url', url, '--json']
    expect((await runCli([...send, '{"a":"ä"}', '--idempotency-key', 'k'], { cwd: dir })).code).toBe(0)
    await runMain([...send, '--file', '-', '--project-version', '2'], {
      input: 'from stdin\n',
      env: { W3B_TOKEN: 'from-env' },
    })
    await runMain([...send, 'x', '--token-file', join(dir, 'token')], { env: { W3B_TOKEN: 'from-env' } })
    expect(seen).toEqual([
      { authorization: undefined, key: 'k', body: '{"projectId":"18446744073709551615","data":"{\\"a\\":\\"ä\\"}"}' },
      {
        authorization: 'Bearer from-env',
        key: undefined,
        body: '{"projectId":"18446744073709551615","version":"2","data":"from stdin\\n"}',
      },
      { authorization: 'Bearer from-file', key: undefined, body: '{"projectId":"18446744073709551615","data":"x"}' },
    ])
  })

  it('shows a local node’s own token to operators’ commands on this machine alone', async () => {
    const seen: unknown[] = []
    const url = await httpServer((request, response) => {
      seen.push(request.headers.authorization)
      response.end('{"tokens":[]}')
    })
    const dir = await tempDir()
    await writeFile(join(dir, 'operator.token'), 'operator\n')
    expect((await runMain(['token', 'list', '--url', url, '--data-dir', dir])).code).toBe(0)
    expect((await runCli(['token', 'list', '--url', url], { cwd: dir })).code).toBe(0)
    expect((await runMain(['token', 'list', '--url', url, '--data-dir', join(dir, 'none')])).code).toBe(2)
    expect(seen).toEqual(['Bearer operator', undefined])
  })

  it('goes on where a stream of events ended', async () => {
    const state = (name: string) => ({ state: name, time: 't', actor: 'a', reason: '', result: null })
    const event = (id: number, name: string) => `id: ${id}\nevent: ${name}\ndata: ${JSON.stringify(state(name))}\n\n`
    const asked: unknown[] = []
    const url = await httpServer((request, response) => {
      const states = (asked.length < 2 ? ['received'] : ['received', 'packed', 'failed']).map(state)
      if (request.url !== `/v1/messages/${ID}/events`)
        return response.end(
          JSON.stringify({
            messageId: ID,
            projectId: '1',
            version: '1',
            device: null,
            state: states.at(-1)?.state,
            task: null,
            states,
          }),
        )
      asked.push(request.headers['last-event-id'])
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.end(asked.length === 1 ? `: hi\n\n${event(1, 'received')}` : event(2, 'packed') + event(3, 'failed'))
    })
    const { code, stdout } = await runMain(['message', 'show', ID, '--watch', '--url', url])
    expect(code).toBe(1)
    expect(asked).toEqual([undefined, '1'])
    expect(stdout.split('\n').slice(0, 3)).toEqual(['t  received', 't  packed', 't  failed'])
  })

  it('has colours on terminals only', async () => {
    const url = await httpServer((_, response) => response.end('{"projects":[]}'))
    const { stdout } = await runMain(['project', 'list', '--url', url])
    expect(stdout).toBe('No projects yet. Publish one with `w3b project publish`.\n')
  })

  it('takes the project’s own Node where it was started by an older one', async () => {
    const older = 'Object.defineProperty(process,"versions",{value:{...process.versions,node:"20.1.0"}})'
    const nodeFlags = ['--import', `data:text/javascript,${encodeURIComponent(older)}`]
    expect(await runCli(['--version'], { nodeFlags })).toMatchObject({ code: 0, stdout: '0.1.0\n' })
    expect(await runCli(['frobnicate'], { nodeFlags })).toMatchObject({ code: 2, stdout: '' })
    expect(await runCli(['verify', '-', '--offline'], { nodeFlags, input: '{}' })).toMatchObject({ code: 1 })
    const nowhere = await runCli(['--version'], { nodeFlags, env: { W3B_REEXEC: '1' } })
    expect(nowhere.code).toBe(1)
    expect(nowhere.stderr).toContain('w3b needs Node 24 or newer and runs on 20.1.0.')
  })
})
