import type { AttributeValue } from '@aws-sdk/client-dynamodb'
import { fromHex, type Hex, toHex } from '@w3bstream/protocol'

/** An item, or a map in one, as DynamoDB's API has it. */
export type Item = Record<string, AttributeValue>

/** Values as attributes. Bigints lie as decimal text: DynamoDB's numbers end at 38 digits. */
export const attribute = {
  text: (value: string): AttributeValue => ({ S: value }),
  int: (value: number): AttributeValue => ({ N: String(value) }),
  bigint: (value: bigint): AttributeValue => ({ S: value.toString() }),
  hex: (value: Hex): AttributeValue => ({ B: fromHex(value) }),
  bytes: (value: Uint8Array): AttributeValue => ({ B: value }),
  flag: (value: boolean): AttributeValue => ({ BOOL: value }),
  map: (value: Item): AttributeValue => ({ M: value }),
  texts: (values: readonly string[]): AttributeValue => ({ L: values.map((S) => ({ S })) }),
}

const wrong = (name: string, type: string): TypeError => new TypeError(`attribute ${name} is not ${type}`)

/** Reads one attribute of an item as what was written. @throws {TypeError} where it is something else */
export const read = {
  text(item: Item, name: string): string {
    const value = item[name]?.S
    if (value === undefined) throw wrong(name, 'text')
    return value
  },
  int(item: Item, name: string): number {
    const value = item[name]?.N
    if (value === undefined) throw wrong(name, 'a number')
    return Number(value)
  },
  bigint(item: Item, name: string): bigint {
    return BigInt(read.text(item, name))
  },
  bytes(item: Item, name: string): Uint8Array {
    const value = item[name]?.B
    if (value === undefined) throw wrong(name, 'bytes')
    return value
  },
  hex(item: Item, name: string): Hex {
    return toHex(read.bytes(item, name))
  },
  flag(item: Item, name: string): boolean {
    const value = item[name]?.BOOL
    if (value === undefined) throw wrong(name, 'true or false')
    return value
  },
  map(item: Item, name: string): Item {
    const value = item[name]?.M
    if (value === undefined) throw wrong(name, 'a map')
    return value
  },
  texts(item: Item, name: string): string[] {
    return (item[name]?.L ?? []).map((value) => {
      if (value.S === undefined) throw wrong(name, 'a list of text')
      return value.S
    })
  },
  /** Applies another reader where the attribute is there. */
  optional<T>(item: Item, name: string, reader: (item: Item, name: string) => T): T | null {
    return item[name] === undefined ? null : reader(item, name)
  },
}
