import { attribute, read } from './attribute.ts'
import type { StateTable } from './StateTable.ts'

/** A hold on being the only one of its kind. */
export interface Leadership {
  /** Fencing token: grows whenever the leader changes. What a leader writes can name it, so that an earlier one's writes are refused. */
  readonly token: bigint
  readonly until: number
}

/**
 * Makes one of several processes the leader: deployments overlap, and a long-lived unit may run twice for a while.
 *
 * A leader that cannot renew has to stop by `until` of its own last success, since another may lead from then on. Times are given by the callers;
 * their clocks have to agree within a small part of the lease's length.
 */
export class LeaderLease {
  readonly #table: StateTable
  readonly #key: { readonly pk: string; readonly sk: string }
  readonly #holder: string
  readonly #ttlMs: number

  constructor(
    modules: { readonly table: StateTable },
    options: {
      /** What is led: `node`. */
      readonly name: string
      /** Names this process as no other is named, now or later. */
      readonly holder: string
      readonly ttlMs: number
    },
  ) {
    this.#table = modules.table
    this.#key = { pk: 'lease', sk: options.name }
    this.#holder = options.holder
    this.#ttlMs = options.ttlMs
  }

  /** @returns null while another leads. Asked again by the leader itself, it renews with a new token. @throws {StoreUnavailableError} */
  async acquire(now: number): Promise<Leadership | null> {
    const until = now + this.#ttlMs
    const after = await this.#table.update({
      key: this.#key,
      update: 'SET #holder = :holder, #until = :until ADD #token :one',
      condition: 'attribute_not_exists(#holder) OR #holder = :holder OR #until <= :now',
      values: {
        ':holder': attribute.text(this.#holder),
        ':until': attribute.int(until),
        ':now': attribute.int(now),
        ':one': attribute.int(1),
      },
    })
    return after === null ? null : { token: BigInt(read.int(after, 'token')), until }
  }

  /** @returns the longer lease, or null where it ran out or another leads: stop at once. @throws {StoreUnavailableError} */
  async renew(token: bigint, now: number): Promise<Leadership | null> {
    const until = now + this.#ttlMs
    const after = await this.#table.update({
      key: this.#key,
      update: 'SET #until = :until',
      condition: '#token = :token AND #holder = :holder AND #until > :now',
      values: {
        ':token': { N: token.toString() },
        ':holder': attribute.text(this.#holder),
        ':until': attribute.int(until),
        ':now': attribute.int(now),
      },
    })
    return after === null ? null : { token, until }
  }

  /** Steps back, so that another may lead at once; nothing happens where it is over. @throws {StoreUnavailableError} */
  async release(token: bigint): Promise<void> {
    await this.#table.update({
      key: this.#key,
      update: 'REMOVE #holder',
      condition: '#token = :token AND #holder = :holder',
      values: { ':token': { N: token.toString() }, ':holder': attribute.text(this.#holder) },
    })
  }
}
