import { describe, expect, it } from 'vitest'
import { InvalidConfigError } from './errors/InvalidConfigError.ts'
import { parseRpcUrls } from './parseRpcUrls.ts'

const problem = (text: string, chainIds: readonly bigint[]): string => {
  try {
    parseRpcUrls(text, chainIds)
  } catch (error) {
    if (error instanceof InvalidConfigError) return error.message
    throw error
  }
  return 'no problem'
}

describe('parseRpcUrls', () => {
  it('reads the endpoints of each chain', () => {
    const urls = parseRpcUrls('{"4689":["https://a.example/key","wss://b.example"],"1":["http://c.example"]}', [4689n])
    expect(urls.get(4689n)).toEqual(['https://a.example/key', 'wss://b.example'])
    expect(urls.get(1n)).toEqual(['http://c.example'])
  })

  it.each([
    ['no JSON', 'https://a.example/my-key', 'are not JSON'],
    ['a list', '["https://a.example/my-key"]', 'endpoints of chain all'],
    ['one URL without a list', '{"4689":"https://a.example/my-key"}', 'chain 4689 '],
    ['no URL', '{"4689":[]}', 'chain 4689 '],
    ['a file', '{"4689":["file:///my-key"]}', 'chain 4689 '],
    ['another chain', '{"1":["https://a.example/my-key"]}', 'chain 4689 has no endpoint'],
  ])('names the chain and shows no URL: %s', (_name, text, expected) => {
    const found = problem(text, [4689n])
    expect(found).toContain(expected)
    expect(found).not.toContain('my-key')
  })
})
