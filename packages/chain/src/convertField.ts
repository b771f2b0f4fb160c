import { type Address, address, type Hex } from '@w3bstream/protocol'
import type { JsonField } from './readJsonFields.ts'

/** What viem takes for an argument. */
export type Argument = bigint | boolean | string | Address | Hex

/**
 * Converts a message's field to an ABI type. Integers are read as hex, with or without `0x`, as the older system does: "10" is 16.
 * @throws {TypeError} with what is wrong, to be prefixed by the field's name
 */
export function convertField(type: string, field: JsonField): Argument {
  switch (type) {
    case 'address':
      return toAddress(textOf(field))
    case 'string':
      return field.type === 'bool' ? String(field.value) : textOf(field)
    case 'bool':
      return toBool(field)
    case 'bytes':
      return toBytes(textOf(field))
    default:
      break
  }
  const integer = /^(u?)int(\d*)$/.exec(type)
  if (integer !== null) return toInteger(textOf(field), integer[1] === 'u', Number(integer[2] || 256))
  const fixed = /^bytes(\d+)$/.exec(type)
  if (fixed !== null) return toFixedBytes(textOf(field), Number(fixed[1]))
  throw new TypeError(`is of ABI type ${type}, which no field of a message can be bound to`)
}

function textOf(field: JsonField): string {
  if (field.type === 'text') return field.text
  if (field.type === 'number') return field.source
  throw new TypeError('has to be a JSON string or number')
}

function toAddress(text: string): Address {
  if (!/^0x[0-9a-fA-F]{40}$/.test(text)) throw new TypeError('has to be an address: 0x and 40 hex digits')
  return address(text)
}

function toBool(field: JsonField): boolean {
  if (field.type === 'bool') return field.value
  if (field.type === 'text' && (field.text === 'true' || field.text === 'false')) return field.text === 'true'
  throw new TypeError('has to be true or false')
}

function toInteger(text: string, unsigned: boolean, bits: number): bigint {
  const digits = /^(?:0x)?([0-9a-fA-F]+)$/.exec(text)?.[1]
  if (digits === undefined) throw new TypeError('has to be an integer in hex, with or without 0x')
  const value = BigInt(`0x${digits}`)
  if (value >= 1n << BigInt(unsigned ? bits : bits - 1)) throw new TypeError(`does not fit ${bits} bits`)
  return value
}

function toBytes(text: string): Hex {
  const digits = /^(?:0x)?((?:[0-9a-fA-F]{2})*)$/.exec(text)?.[1]
  if (digits === undefined) throw new TypeError('has to be bytes in hex')
  return `0x${digits}`
}

function toFixedBytes(text: string, size: number): Hex {
  const bytes = toBytes(text)
  if (bytes.length !== 2 + 2 * size) throw new TypeError(`has to be ${size} bytes in hex`)
  return bytes
}
