import { readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { deflateSync } from 'node:zlib'
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { runMain } from './test/runMain.ts'

const artifact = (name: string) =>
  fileURLToPath(new URL(`../../../examples/halo2-weather/artifacts/${name}`, import.meta.url))

async function saved(content: unknown, name = 'project.json'): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'w3b-trial-'))
  onTestFinished(() => rm(dir, { recursive: true, force: true }))
  const file = join(dir, name)
  await writeFile(file, typeof content === 'string' ? content : JSON.stringify(content))
  return file
}

const hex = (bytes: Uint8Array) => deflateSync(bytes).toString('hex')
/** A module of the plain wasm runtime whose `start` has this body. */
function wasmModule(start: string): Uint8Array {
  const body = Buffer.from(start, 'hex')
  const head =
    '0061736d0100000001060160017f017f03030200000503010001071a03066d656d6f72790200057374617274000005616c6c6f630001'
  const alloc = Buffer.from('05004180080b', 'hex')
  const code = Buffer.concat([Buffer.of(2, body.length), body, alloc])
  return Buffer.concat([Buffer.from(head, 'hex'), Buffer.of(0x0a, code.length), code])
}
const wasm = (start: string) => ({
  defaultVersion: '1',
  versions: [{ version: '1', vmTypeID: 4, code: hex(wasmModule(start)), aggregation: { amount: 2 } }],
})

describe('w3b project test', () => {
  let weather: Record<string, unknown>
  beforeAll(() => {
    const { inputs, provingKey } = JSON.parse(readFileSync(artifact('artifacts.json'), 'utf8'))
    const code = hex(readFileSync(artifact('weather.wasm')))
    const key = { uri: 'https://keys.example/proving.key', hash: provingKey.sha256 }
    weather = {
      defaultVersion: '0.1',
      versions: [{ version: '0.1', vmTypeID: 2, code, inputs, aggregation: { amount: 16 }, provingKey: key }],
    }
  })

  it('proves a circuit in WASM, which cannot be run otherwise, and shows its outputs', async () => {
    const file = await saved(weather)
    const data = await saved('{"temperature": 21.5}\n{"temperature": -3}\n', 'data.jsonl')
    const args = ['project', 'test', file, '--data-file', data, '--proving-key', artifact('proving.key')]
    const { code, stdout } = await runMain([...args, '--json'])
    expect(code).toBe(0)
    const tried = JSON.parse(stdout)
    expect(tried).toMatchObject({ ok: true, how: 'proved', messages: 2, proofBytes: 1984, problems: [] })
    expect(BigInt(tried.outputs.slice(0, 66))).toBe(2n)
  })

  it('says every message that does not fit, with what a node would do', async () => {
    const file = await saved(weather)
    const { code, stdout } = await runMain(['project', 'test', file, '--data', '{"temperature":99}', '{"temp":1}'])
    expect(code).toBe(1)
    expect(stdout).toContain('message 1: payload.temperature has to lie between -40 and 60')
    expect(stdout).toContain('message 2: payload.temperature is missing')
    expect(stdout).toContain('A node refuses it')
  })

  it('asks for the key that a proof takes, and for no other', async () => {
    const file = await saved(weather)
    const args = ['project', 'test', file, '--data', '{"temperature":1}']
    expect((await runMain(args)).stdout).toMatch(/proving key is needed.*\n.*Give the file whose sha-256 is 0x/)
    const wrong = await runMain([...args, '--proving-key', file])
    expect(wrong).toMatchObject({ code: 1, stdout: expect.stringContaining('and the project file names 0x') })
  })

  it('runs a program that only computes', async () => {
    const file = await saved(wasm('0041000b'))
    const { code, stdout } = await runMain(['project', 'test', file, '--data', '1', '--data', '2'])
    expect(code).toBe(0)
    expect(stdout).toContain('computes and proves nothing')
    expect(stdout).toContain('{"code":0,"data":null}')
  })

  it('shows what a program did wrong', async () => {
    const file = await saved(wasm('00000b'))
    const { code, stdout } = await runMain(['project', 'test', file, '--data', '1', '--json'])
    expect(code).toBe(1)
    expect(JSON.parse(stdout)).toMatchObject({ ok: false, how: null, problems: [{ code: 'PROGRAM_FAILED' }] })
  })

  it('counts too many messages and a program that does not inflate together', async () => {
    const [version] = wasm('0041000b').versions
    const file = await saved({ defaultVersion: '1', versions: [{ ...version, code: 'beef' }] })
    const { stdout } = await runMain(['project', 'test', file, '--data', '1', '2', '3', '--json'])
    const errors = JSON.parse(stdout).problems.map((problem: { error: string }) => problem.error)
    expect(errors).toEqual([
      'data has 3 messages, and a task of this version has at most 2',
      'code does not inflate: it has to be compressed by zlib',
    ])
  })

  it('is told when it is called wrongly', async () => {
    const file = await saved(wasm('0041000b'))
    const wrong = [
      [],
      ['--data', '1', '--project-version', '9'],
      ['--data', '1', '--project', 'x'],
      ['--data', '1', '--runtime', 'risc0'],
      ['--data', '1', '--runtime', 'risc1=grpc://127.0.0.1:1'],
      ['--data', '1', '--runtime', 'risc0=http://127.0.0.1:1'],
      ['--data', '1', '--runtime', 'risc0=grpc://127.0.0.1:1', '--runtime', 'risc0=grpc://127.0.0.1:2'],
    ]
    for (const args of wrong) expect((await runMain(['project', 'test', file, ...args])).code).toBe(2)
    expect((await runMain(['project', 'test', file, '--data', '1'], { env: { W3B_RUNTIMES: 'x' } })).code).toBe(2)
    expect((await runMain(['project', 'test', await saved('{}'), '--data', '1'])).code).not.toBe(0)
  })
})
