import { InvalidInputError } from './errors/InvalidInputError.ts'
import type { Address, Hex } from './Hex.ts'

declare const brand: unique symbol
/** A type that only its parser can make. */
export type Brand<T, Name extends string> = T & { readonly [brand]: Name }

/** Token id of the project in the ProjectRegistrar: 1 … 2^64-1. */
export type ProjectId = Brand<bigint, 'ProjectId'>
/** RFC 9562 UUID, lower case: version 7, or version 8 when derived from a device's nonce or an idempotency key. */
export type MessageId = Brand<string, 'MessageId'>
/** The task's full EIP-712 digest. */
export type TaskId = Brand<Hex, 'TaskId'>
/** 32 bytes as hex. */
export type Hash = Brand<Hex, 'Hash'>
/** A W3C trace id: 32 lower-case hex digits, not all zero. */
export type TraceId = Brand<string, 'TraceId'>
/** A device's decentralised identifier: `did:io:<40 hex>` or `did:key:z…`. */
export type Did = Brand<string, 'Did'>

/** @param value a bigint, or decimal digits without sign or leading zeros. @throws {InvalidInputError} */
export function projectId(value: bigint | number | string): ProjectId {
  const ok =
    typeof value === 'bigint' ||
    (typeof value === 'number' && Number.isSafeInteger(value)) ||
    (typeof value === 'string' && /^(?:0|[1-9][0-9]{0,19})$/.test(value))
  const id = ok ? BigInt(value) : -1n
  if (id < 1n || id >= 1n << 64n)
    throw new InvalidInputError({ field: 'projectId', problem: 'has to be an integer from 1 to 2^64-1' })
  return id as ProjectId
}

/** @throws {InvalidInputError} */
export function messageId(value: string): MessageId {
  if (!/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i.test(value))
    throw new InvalidInputError({ field: 'messageId', problem: 'has to be a UUID' })
  return value.toLowerCase() as MessageId
}

/** @throws {InvalidInputError} */
export function hash(value: string, field = 'hash'): Hash {
  if (!/^0x[0-9a-fA-F]{64}$/.test(value))
    throw new InvalidInputError({ field, problem: 'has to be 0x and 64 hex digits' })
  return value.toLowerCase() as Hash
}

/** @throws {InvalidInputError} */
export function taskId(value: string): TaskId {
  return hash(value, 'taskId') as unknown as TaskId
}

/** @throws {InvalidInputError} */
export function address(value: string, field = 'address'): Address {
  if (!/^0x[0-9a-fA-F]{40}$/.test(value))
    throw new InvalidInputError({ field, problem: 'has to be 0x and 40 hex digits' })
  return value.toLowerCase() as Address
}
