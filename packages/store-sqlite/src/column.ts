import type { SQLOutputValue } from 'node:sqlite'

/** A row as `node:sqlite` returns it. */
export type Row = Record<string, SQLOutputValue>

const wrong = (row: Row, name: string, type: string): TypeError =>
  new TypeError(`column ${name} is not ${type} but ${row[name] === null ? 'null' : typeof row[name]}`)

/** Reads one column of a row as what the schema says it is. @throws {TypeError} where it is something else */
export const column = {
  text(row: Row, name: string): string {
    const value = row[name]
    if (typeof value !== 'string') throw wrong(row, name, 'text')
    return value
  },
  int(row: Row, name: string): number {
    const value = row[name]
    if (typeof value !== 'number') throw wrong(row, name, 'an integer')
    return value
  },
  bytes(row: Row, name: string): Uint8Array {
    const value = row[name]
    if (!(value instanceof Uint8Array)) throw wrong(row, name, 'a blob')
    return value
  },
  /** Applies another reader unless the column is null. */
  nullable<T>(row: Row, name: string, read: (row: Row, name: string) => T): T | null {
    return row[name] === null ? null : read(row, name)
  },
  /** An unsigned 64-bit number that was selected as text: it may not fit a double. */
  uint64(row: Row, name: string): bigint {
    return BigInt.asUintN(64, BigInt(column.text(row, name)))
  },
}

/** @returns the signed integer with the bits of an unsigned one: what SQLite can store */
export function toInt64(value: bigint): bigint {
  return BigInt.asIntN(64, value)
}
