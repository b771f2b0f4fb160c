import type { Outgoing } from '@w3bstream/core/ports'
import { type Address, DestinationRefusedError, toHex } from '@w3bstream/protocol'
import type { AbiParameter } from 'viem'
import { type Argument, convertField } from './convertField.ts'
import { encodeDataSnark } from './encodeDataSnark.ts'
import { type JsonField, readJsonFields } from './readJsonFields.ts'

/** What a method's inputs are bound to. */
export interface BindingSource {
  readonly item: Outgoing
  readonly receiverAddress: Address | null
  /** Number of the prover's token, where the operator knows it. */
  readonly proverNumber: bigint | null
}

/**
 * Values of a contract method's inputs, bound by name: `proof`, `projectId`, `receiver`, `data_snark`, `taskId`, `proverId`, `clientId`, each with or
 * without a leading `_`; anything else is the field of that name in the first message's JSON.
 * @param destination for the error
 * @throws {DestinationRefusedError} naming the input that cannot be bound
 */
export function bindArguments(
  destination: string,
  inputs: readonly AbiParameter[],
  source: BindingSource,
): readonly Argument[] {
  return inputs.map((input, index) => {
    try {
      return bind(input, source)
    } catch (cause) {
      if (!(cause instanceof TypeError)) throw cause
      const reason = `input ${input.name === undefined || input.name === '' ? index : `"${input.name}"`} ${cause.message}`
      throw new DestinationRefusedError({ destination, reason, cause })
    }
  })
}

function bind(input: AbiParameter, source: BindingSource): Argument {
  const { record, proof } = source.item
  const { name = '', type } = input
  switch (name.replace(/^_/, '')) {
    case 'proof':
      return fixed(type, 'bytes', toHex(proof))
    case 'projectId':
      return integer(type, record.task.projectId)
    case 'receiver':
      if (source.receiverAddress === null)
        throw new TypeError('asks for receiverAddress, which the output of the project file does not have')
      return fixed(type, 'address', source.receiverAddress)
    case 'data_snark':
      // The proof is a Groth16 seal, or these very JSON texts as older runtimes have it.
      return fixed(type, 'bytes', encodeDataSnark(source.item.raw ?? new TextDecoder().decode(proof)))
    case 'taskId':
      return type === 'bytes32' ? record.id : integer(type, record.task.number)
    case 'proverId':
      return proverOf(type, source)
    case 'clientId':
      return fixed(type, 'string', source.item.clientId ?? '')
    default:
      return convertField(type, messageField(name, source.item.payloads))
  }
}

function fixed(type: string, expected: string, value: Argument): Argument {
  if (type !== expected) throw new TypeError(`is of ABI type ${type}, and is bound to ${expected}`)
  return value
}

function integer(type: string, value: bigint): bigint {
  const bits = /^uint(\d*)$/.exec(type)?.[1]
  if (bits === undefined) throw new TypeError(`is of ABI type ${type}, and is bound to an unsigned integer`)
  if (value >= 1n << BigInt(bits || 256)) throw new TypeError(`is ${value}, which does not fit ${type}`)
  return value
}

/** Older contracts know provers by token; the account is for those that know them by it. */
function proverOf(type: string, source: BindingSource): Argument {
  const prover = source.item.record.assignment?.value.prover
  if (prover === undefined) throw new TypeError('asks for the prover, and the task was assigned to none')
  if (type === 'address') return prover
  if (type === 'string') return prover
  if (source.proverNumber === null) throw new TypeError(`asks for a number, and prover ${prover} has none registered`)
  return integer(type, source.proverNumber)
}

function messageField(name: string, payloads: readonly string[]): JsonField {
  if (name === '') throw new TypeError('has no name to be bound by')
  const [first] = payloads
  const fields = first === undefined ? null : readJsonFields(first)
  if (fields === null) throw new TypeError('asks for a field of the first message, which is not a JSON object')
  const field = fields.get(name)
  if (field === undefined) throw new TypeError('is not a field of the first message')
  return field
}
