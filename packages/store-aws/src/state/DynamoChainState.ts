import type { Attempt, ChainState, Cursor, NonceRow } from '@w3bstream/core/ports'
import {
  type Address,
  address,
  fromHex,
  hash,
  InvalidInputError,
  type ProjectId,
  type ProjectRecord,
  projectId,
  type TaskId,
  taskId,
} from '@w3bstream/protocol'
import { attribute, type Item, read } from './attribute.ts'
import { contend } from './contend.ts'
import { type Key, MAX_TRANSACTION, type StateTable, type Write } from './StateTable.ts'
import { stateKeys } from './stateKeys.ts'

const { bigint, flag, hex, int, text, texts } = attribute
const NEW = 'attribute_not_exists(#pk)'
const PROJECTS = 'projects'
/** A nonce's row and its account's counter are in the transaction, too. */
const MAX_TASKS = MAX_TRANSACTION - 2
/** DynamoDB's items end at 400 KB; a node takes no transaction of more than 128 KB. */
const MAX_RAW_BYTES = 390_000
/** Sums of past days serve no purpose but a look back. */
const KEEP_SPENDS_S = 400 * 86_400

/** Nonces, attempts, cursors and registry records as items; README.md has their shapes. Each task has an item that names the nonce it has now, and had. */
export class DynamoChainState implements ChainState {
  readonly #table: StateTable

  constructor(modules: { readonly table: StateTable }) {
    this.#table = modules.table
  }

  async cursor(name: string): Promise<Cursor | null> {
    const item = await this.#table.get({ pk: 'cursors', sk: name })
    return item === null ? null : { block: read.bigint(item, 'block'), hash: hash(read.hex(item, 'hash')) }
  }

  /** With more records than one transaction takes, the cursor moves with the last of them: a listener that is stopped before reads them again. */
  async advanceCursor(name: string, cursor: Cursor, projects: readonly ProjectRecord[]): Promise<void> {
    const newest = [...new Map(projects.map((record) => [record.id, record])).values()]
    const items = [
      ...newest.map(projectItem),
      { ...keyItem({ pk: 'cursors', sk: name }), block: bigint(cursor.block), hash: hex(cursor.hash) },
    ]
    const [first] = items
    if (items.length === 1 && first !== undefined) {
      await this.#table.put(first)
      return
    }
    for (let at = 0; at < items.length; at += MAX_TRANSACTION) await this.#putAll(items.slice(at, at + MAX_TRANSACTION))
  }

  async project(id: ProjectId): Promise<ProjectRecord | null> {
    const item = await this.#table.get(projectKey(id))
    return item === null ? null : readProject(item)
  }

  /** A record of a later block stays: another process may have followed the chain past this one's while it was read. */
  async saveProject(record: ProjectRecord): Promise<void> {
    await contend(async () => {
      const item = await this.#table.get(projectKey(record.id))
      if (item !== null && read.bigint(item, 'block') > record.block) return { value: undefined }
      const seen =
        item === null
          ? { condition: NEW }
          : { condition: '#block = :seen', values: { ':seen': text(read.text(item, 'block')) } }
      const done = await this.#table.put(projectItem(record), seen)
      return done ? { value: undefined } : { again: 'another record was saved' }
    })
  }

  async projects(): Promise<ProjectRecord[]> {
    const records: ProjectRecord[] = []
    for await (const item of this.#table.read({ keys: '#pk = :pk', values: { ':pk': text(PROJECTS) } }))
      records.push(readProject(item))
    return records
  }

  async allocate(p: {
    readonly chainId: bigint
    readonly account: Address
    readonly tasks: readonly TaskId[]
    readonly chainNext: number
    readonly at: number
  }): Promise<NonceRow | null> {
    const { chainId, account } = p
    const asked = [...new Set(p.tasks)]
    if (asked.length > MAX_TASKS)
      throw new InvalidInputError({ field: 'tasks', problem: `has more than ${MAX_TASKS} entries for one nonce` })
    const mark = crypto.randomUUID()
    /** The nonce of an attempt of which nobody knows what became. */
    let tried: number | null = null
    return contend<NonceRow | null>(async () => {
      const counter = await this.#table.get(counterKey(chainId, account))
      const pointers = await this.#table.getMany(asked.map(stateKeys.taskNonces))
      // After the tasks: an attempt that comes through between the two makes them busy.
      const ours = tried === null ? null : await this.#ours(chainId, account, tried, mark)
      if (ours !== null) return { value: ours }
      const tasks = asked.filter((_, i) => pointers[i]?.busy === undefined)
      if (tasks.length === 0) return { value: null }
      const next = counter === null ? null : read.int(counter, 'next')
      const nonce = Math.max(next ?? 0, p.chainNext)
      const done = await this.#table.transact([
        {
          type: 'update',
          key: counterKey(chainId, account),
          update: 'SET #next = :next ADD #open :nonce',
          condition: next === null ? NEW : '#next = :seen',
          values: {
            ':next': int(nonce + 1),
            ':nonce': { NS: [String(nonce)] },
            ...(next === null ? {} : { ':seen': int(next) }),
          },
        },
        {
          type: 'put',
          item: {
            ...keyItem(rowKey(chainId, account, nonce)),
            status: text('live'),
            tasks: texts(tasks),
            createdAt: int(p.at),
            mark: text(mark),
          },
          condition: NEW,
        },
        ...tasks.map(
          (task): Write => ({
            type: 'update',
            key: stateKeys.taskNonces(task),
            update: 'SET #busy = :row, #rows = list_append(if_not_exists(#rows, :none), :rows)',
            condition: 'attribute_not_exists(#busy)',
            values: {
              ':row': text(rowName(chainId, account, nonce)),
              ':rows': texts([rowName(chainId, account, nonce)]),
              ':none': texts([]),
            },
          }),
        ),
      ])
      if (done.type === 'done')
        return { value: { chainId, account, nonce, status: 'live', tasks, attempts: [], createdAt: p.at } }
      tried = nonce
      return done.type === 'unknown'
        ? { again: 'the nonce was not written', cause: done.error }
        : { again: 'another settler took the nonce or a task' }
    })
  }

  async nextNonce(chainId: bigint, account: Address): Promise<number | null> {
    const counter = await this.#table.get(counterKey(chainId, account))
    return counter === null ? null : read.int(counter, 'next')
  }

  async addAttempt(p: {
    readonly chainId: bigint
    readonly account: Address
    readonly nonce: number
    readonly attempt: Attempt
  }): Promise<NonceRow> {
    const { attempt, chainId, account, nonce } = p
    if (fromHex(attempt.raw).length > MAX_RAW_BYTES)
      throw new InvalidInputError({ field: 'attempt', problem: `has more than ${MAX_RAW_BYTES} bytes` })
    return contend(async () => {
      const row = await this.row(chainId, account, nonce)
      if (row === null) throw unknownNonce(p)
      if (row.attempts.some((one) => one.hash === attempt.hash)) return { value: row }
      const { pk, sk } = rowKey(chainId, account, nonce)
      const done = await this.#table.put(
        {
          ...keyItem({ pk, sk: `${sk}#${String(row.attempts.length).padStart(6, '0')}` }),
          hash: hex(attempt.hash),
          raw: hex(attempt.raw),
          fee: bigint(attempt.maxFeePerGas),
          tip: bigint(attempt.maxPriorityFeePerGas),
          at: int(attempt.at),
        },
        { condition: NEW },
      )
      // Also where the answer to an earlier try of this call was lost: the next look finds it.
      return done
        ? { value: { ...row, attempts: [...row.attempts, attempt] } }
        : { again: 'another attempt came first' }
    })
  }

  async row(chainId: bigint, account: Address, nonce: number): Promise<NonceRow | null> {
    const { pk, sk } = rowKey(chainId, account, nonce)
    const items: Item[] = []
    for await (const item of this.#table.read({
      keys: '#pk = :pk AND begins_with(#sk, :sk)',
      values: { ':pk': text(pk), ':sk': text(sk) },
    }))
      items.push(item)
    const [row, ...attempts] = items
    return row === undefined ? null : { chainId, account, nonce, ...readRow(row), attempts: attempts.map(readAttempt) }
  }

  async open(chainId: bigint, account: Address): Promise<NonceRow[]> {
    const counter = await this.#table.get(counterKey(chainId, account))
    const nonces = (counter?.open?.NS ?? []).map(Number).sort((a, b) => a - b)
    const rows = await Promise.all(nonces.map((nonce) => this.row(chainId, account, nonce)))
    return rows.filter((row) => row !== null).filter((row) => isOpen(row.status))
  }

  async rowOf(task: TaskId): Promise<NonceRow | null> {
    const item = await this.#table.get(stateKeys.taskNonces(task))
    if (item === null) return null
    for (const name of read.texts(item, 'rows').reverse()) {
      const [chain = '', account = '', nonce = ''] = name.split('/')
      const row = await this.row(BigInt(chain), address(account), Number(nonce))
      if (row?.status === 'live' || row?.status === 'used') return row
    }
    return null
  }

  async setStatus(p: {
    readonly chainId: bigint
    readonly account: Address
    readonly nonce: number
    readonly status: NonceRow['status']
  }): Promise<void> {
    const { chainId, account, nonce, status } = p
    const key = rowKey(chainId, account, nonce)
    await contend(async () => {
      const item = await this.#table.get(key)
      if (item === null) throw unknownNonce(p)
      const row = readRow(item)
      // Also where the answer to an earlier try of this call was lost.
      if (row.status === status) return { value: undefined }
      const change: Write = {
        type: 'update',
        key,
        update: 'SET #status = :status',
        condition: '#status = :seen',
        values: { ':status': text(status), ':seen': text(row.status) },
      }
      const others = isOpen(row.status) === isOpen(status) ? [] : await this.#opening(p, row.tasks)
      const done = await this.#table.transact([change, ...others])
      return done.type === 'done' ? { value: undefined } : { again: 'the row was not written' }
    })
  }

  /** A sum may count an amount twice whose answer was lost while others were added: it errs to the side of spending less. */
  async addSpend(project: ProjectId, day: string, wei: bigint): Promise<bigint> {
    const key = { pk: `spends#${project}`, sk: day }
    const mark = crypto.randomUUID()
    return contend(async () => {
      const item = await this.#table.get(key)
      const before = item === null ? 0n : read.bigint(item, 'wei')
      if (item !== null && read.text(item, 'mark') === mark) return { value: before }
      const sum = before + wei
      const ends = Date.parse(day) / 1_000 + KEEP_SPENDS_S
      const done = await this.#table.put(
        {
          ...keyItem(key),
          wei: bigint(sum),
          mark: text(mark),
          ...(Number.isSafeInteger(ends) ? { ttl: int(ends) } : {}),
        },
        item === null
          ? { condition: NEW }
          : { condition: '#mark = :seen', values: { ':seen': text(read.text(item, 'mark')) } },
      )
      return done ? { value: sum } : { again: 'another amount was added' }
    })
  }

  /** What else changes when a row is opened or closed: its account's open nonces, and what its tasks wait for. */
  async #opening(
    p: { readonly chainId: bigint; readonly account: Address; readonly nonce: number; readonly status: string },
    tasks: readonly TaskId[],
  ): Promise<Write[]> {
    const name = rowName(p.chainId, p.account, p.nonce)
    const opens = isOpen(p.status)
    const pointers = await this.#table.getMany(tasks.map(stateKeys.taskNonces))
    const writes: Write[] = [
      {
        type: 'update',
        key: counterKey(p.chainId, p.account),
        update: `${opens ? 'ADD' : 'DELETE'} #open :nonce`,
        values: { ':nonce': { NS: [String(p.nonce)] } },
      },
    ]
    for (const [i, task] of tasks.entries()) {
      const busy = pointers[i]?.busy?.S
      if (opens && busy !== undefined && busy !== name)
        throw new InvalidInputError({ field: 'status', problem: `is refused: task ${task} has another live nonce` })
      if (opens === (busy === name)) continue
      writes.push({
        type: 'update',
        key: stateKeys.taskNonces(task),
        ...(opens
          ? { update: 'SET #busy = :row', condition: 'attribute_not_exists(#busy)' }
          : { update: 'REMOVE #busy', condition: '#busy = :row' }),
        values: { ':row': text(name) },
      })
    }
    return writes
  }

  /** The row that this call wrote, by its mark. */
  async #ours(chainId: bigint, account: Address, nonce: number, mark: string): Promise<NonceRow | null> {
    const item = await this.#table.get(rowKey(chainId, account, nonce))
    return item?.mark?.S === mark ? this.row(chainId, account, nonce) : null
  }

  async #putAll(items: readonly Item[]): Promise<void> {
    await contend(async () => {
      const done = await this.#table.transact(items.map((item): Write => ({ type: 'put', item })))
      if (done.type === 'done') return { value: undefined }
      return { again: 'the records were not written', cause: done.type === 'unknown' ? done.error : undefined }
    })
  }
}

const isOpen = (status: string): boolean => status === 'live' || status === 'filled'
const keyItem = ({ pk, sk }: Key): Item => ({ pk: text(pk), sk: text(sk) })
const accountName = (chainId: bigint, account: Address): string => `nonces#${chainId}#${account}`
const counterKey = (chainId: bigint, account: Address): Key => ({ pk: accountName(chainId, account), sk: 'counter' })
const rowKey = (chainId: bigint, account: Address, nonce: number): Key => ({
  pk: accountName(chainId, account),
  sk: `row#${nonce.toString().padStart(16, '0')}`,
})
const rowName = (chainId: bigint, account: Address, nonce: number): string => `${chainId}/${account}/${nonce}`
const projectKey = (id: ProjectId): Key => ({ pk: PROJECTS, sk: id.toString().padStart(20, '0') })

const projectItem = (record: ProjectRecord): Item => ({
  ...keyItem(projectKey(record.id)),
  uri: text(record.uri),
  hash: hex(record.hash),
  paused: flag(record.paused),
  block: bigint(record.block),
  ...(record.owner === null ? {} : { owner: hex(record.owner) }),
})

function readProject(item: Item): ProjectRecord {
  const owner = read.optional(item, 'owner', read.hex)
  return {
    id: projectId(BigInt(read.text(item, 'sk'))),
    uri: read.text(item, 'uri'),
    hash: hash(read.hex(item, 'hash')),
    paused: read.flag(item, 'paused'),
    owner: owner === null ? null : address(owner),
    block: read.bigint(item, 'block'),
  }
}

const readRow = (item: Item): Pick<NonceRow, 'status' | 'tasks' | 'createdAt'> => ({
  status: read.text(item, 'status') as NonceRow['status'],
  tasks: read.texts(item, 'tasks').map(taskId),
  createdAt: read.int(item, 'createdAt'),
})

const readAttempt = (item: Item): Attempt => ({
  hash: hash(read.hex(item, 'hash')),
  raw: read.hex(item, 'raw'),
  maxFeePerGas: read.bigint(item, 'fee'),
  maxPriorityFeePerGas: read.bigint(item, 'tip'),
  at: read.int(item, 'at'),
})

const unknownNonce = (p: { readonly chainId: bigint; readonly account: Address; readonly nonce: number }) =>
  new InvalidInputError({
    field: 'nonce',
    problem: `${p.nonce} of ${p.account} on chain ${p.chainId} was never allocated`,
  })
