import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ContentUnavailableError } from '@w3bstream/protocol'
import { describe, expect, it, onTestFinished } from 'vitest'
import { LocalProjectDirectory, type LocalProjects } from './LocalProjectDirectory.ts'

const LIMIT = { maxBytes: 1000, timeoutMs: 1000 }
const sha256 = (text: string) => `0x${createHash('sha256').update(text).digest('hex')}`

async function make(files: Record<string, string> = {}) {
  const dir = await mkdtemp(join(tmpdir(), 'w3b-projects-'))
  onTestFinished(() => rm(dir, { recursive: true, force: true }))
  for (const [name, text] of Object.entries(files)) await writeFile(join(dir, name), text)
  return { dir, local: new LocalProjectDirectory({ dir, maxBytes: 1000 }) }
}

describe('LocalProjectDirectory', () => {
  it('lists project files by id, with or without .json, and no others', async () => {
    const { local } = await make({
      '20': 'b',
      '3.json': 'a',
      README: 'x',
      '0': 'x',
      '01': 'x',
      '3.yaml': 'x',
      '-1': 'x',
    })
    expect(await local.scan()).toEqual({
      projects: [
        { projectId: 3n, uri: 'file:3.json', hash: sha256('a') },
        { projectId: 20n, uri: 'file:20', hash: sha256('b') },
      ],
      problems: [],
    })
  })

  it('lists the largest id and says why it passes files over', async () => {
    const { dir, local } = await make({
      '18446744073709551615': 'a',
      '18446744073709551616': 'b',
      '5': 'c',
      '5.json': 'd',
      '6': 'e'.repeat(1001),
    })
    await mkdir(join(dir, '7'))
    const { projects, problems } = await local.scan()
    expect(projects.map(({ projectId, uri }) => [projectId, uri])).toEqual([
      [5n, 'file:5'],
      [18446744073709551615n, 'file:18446744073709551615'],
    ])
    expect(problems).toEqual([
      { file: '18446744073709551616', reason: expect.stringContaining('projectId') },
      { file: '5.json', reason: 'project 5 has another file already' },
      { file: '6', reason: 'it is larger than 1000 bytes' },
      { file: '7', reason: 'it is not a regular file' },
    ])
  })

  it('is empty where the directory is missing', async () => {
    const local = new LocalProjectDirectory({ dir: join(tmpdir(), 'w3b-no-such-directory') })
    expect(await local.scan()).toEqual({ projects: [], problems: [] })
  })

  it('gives the bytes of what it lists, under either spelling of the name', async () => {
    const { local } = await make({ '20': 'b', '3.json': 'a' })
    expect(new TextDecoder().decode(await local.fetch('file:20', LIMIT))).toBe('b')
    expect(new TextDecoder().decode(await local.fetch('file:3.json', LIMIT))).toBe('a')
    expect(new TextDecoder().decode(await local.fetch('file:3', LIMIT))).toBe('a')
    await expect(local.fetch('file:20', { ...LIMIT, maxBytes: 0 })).rejects.toThrow('larger than 0 bytes')
    await expect(local.fetch('file:4', LIMIT)).rejects.toThrow('no such file')
  })

  it.each([
    'file:../3',
    'file:/etc/passwd',
    'file:///etc/passwd',
    'file:..%2f3',
    'file:3/../3',
    'file:README',
    'file:.json',
    'file:',
    'file:3\n',
    'file:3\0',
    'file:C:3',
  ])('refuses %j', async (uri) => {
    const { local } = await make({ '3': 'a', README: 'x' })
    await expect(local.fetch(uri, LIMIT)).rejects.toThrow(ContentUnavailableError)
  })

  it('follows a link that the operator made', async () => {
    const { dir, local } = await make({ '3': 'a' })
    await symlink(join(dir, '3'), join(dir, '4'))
    expect((await local.scan()).projects).toHaveLength(2)
  })

  it('tells of files that are added, changed and removed', async () => {
    const { dir, local } = await make({ '3': 'a' })
    const seen: LocalProjects[] = []
    let wake: () => void = () => {}
    const until = async (hashes: string[]) => {
      while (JSON.stringify(seen.at(-1)?.projects.map(({ hash }) => hash)) !== JSON.stringify(hashes))
        await new Promise<void>((resolve) => {
          wake = resolve
        })
    }
    const stop = await local.watch(
      (projects) => {
        seen.push(projects)
        wake()
      },
      (error) => {
        throw error
      },
    )
    await until([sha256('a')])
    await writeFile(join(dir, '.4.tmp'), 'b')
    await rename(join(dir, '.4.tmp'), join(dir, '4.json'))
    await until([sha256('a'), sha256('b')])
    await writeFile(join(dir, '3'), 'c')
    await until([sha256('c'), sha256('b')])
    await rm(join(dir, '3'))
    await until([sha256('b')])
    stop()
  })
})
