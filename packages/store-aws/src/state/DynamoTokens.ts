import { sha256 } from '@noble/hashes/sha2.js'
import type { Scope, Token, Tokens } from '@w3bstream/core/ports'
import { platformRandom, projectId } from '@w3bstream/protocol'
import { toBase64 } from '../calls/toBase64.ts'
import { attribute, type Item, read } from './attribute.ts'
import type { Key, StateTable } from './StateTable.ts'

const { bytes, int, text, texts } = attribute
const PARTITION = 'tokens'
/** What a secret looks like: anything else is not worth a look into the store. */
const SECRET = /^w3b_[A-Za-z0-9_-]{43}$/
const ID_BYTES = 9

/**
 * API tokens, an item each. A secret has 256 random bits, so its plain sha-256 is enough at rest; a token's id is the start of that hash, so that one
 * read finds it.
 */
export class DynamoTokens implements Tokens {
  readonly #table: StateTable

  constructor(modules: { readonly table: StateTable }) {
    this.#table = modules.table
  }

  async create(p: {
    readonly label: string
    readonly scopes: readonly Scope[]
    readonly projectId: Token['projectId']
    readonly expiresAt: number | null
    readonly at: number
  }): Promise<{ readonly token: Token; readonly secret: string }> {
    const secret = `w3b_${base64url(platformRandom(32))}`
    const hash = hashOf(secret)
    const token: Token = {
      id: idOf(hash),
      label: p.label,
      scopes: [...new Set(p.scopes)],
      projectId: p.projectId,
      createdAt: p.at,
      expiresAt: p.expiresAt,
    }
    await this.#table.put({
      pk: text(PARTITION),
      sk: text(token.id),
      hash: bytes(hash),
      label: text(token.label),
      scopes: texts(token.scopes),
      createdAt: int(token.createdAt),
      ...(token.projectId === null ? {} : { project: text(token.projectId.toString()) }),
      ...(token.expiresAt === null ? {} : { expiresAt: int(token.expiresAt) }),
    })
    return { token, secret }
  }

  async check(secret: string, now: number): Promise<Token | null> {
    if (!SECRET.test(secret)) return null
    const hash = hashOf(secret)
    const item = await this.#table.get(keyOf(idOf(hash)))
    if (item === null || base64url(read.bytes(item, 'hash')) !== base64url(hash)) return null
    const token = tokenOf(item)
    return token.expiresAt !== null && token.expiresAt <= now ? null : token
  }

  async revoke(id: string): Promise<boolean> {
    const found = await this.#table.get(keyOf(id))
    if (found === null) return false
    await this.#table.delete(keyOf(id))
    return true
  }

  async list(): Promise<Token[]> {
    const tokens: Token[] = []
    for await (const item of this.#table.read({ keys: '#pk = :pk', values: { ':pk': text(PARTITION) } }))
      tokens.push(tokenOf(item))
    return tokens.sort((a, b) => a.createdAt - b.createdAt)
  }
}

const keyOf = (id: string): Key => ({ pk: PARTITION, sk: id })
const hashOf = (secret: string): Uint8Array => sha256(new TextEncoder().encode(secret))
const idOf = (hash: Uint8Array): string => `tok_${base64url(hash.subarray(0, ID_BYTES))}`
const base64url = (value: Uint8Array): string =>
  toBase64(value).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')

function tokenOf(item: Item): Token {
  const project = read.optional(item, 'project', read.text)
  return {
    id: read.text(item, 'sk'),
    label: read.text(item, 'label'),
    scopes: read.texts(item, 'scopes') as Scope[],
    projectId: project === null ? null : projectId(project),
    createdAt: read.int(item, 'createdAt'),
    expiresAt: read.optional(item, 'expiresAt', read.int),
  }
}
