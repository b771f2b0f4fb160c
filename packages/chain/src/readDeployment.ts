import { existsSync, readFileSync } from 'node:fs'
import { type Address, address, InvalidInputError } from '@w3bstream/protocol'
import type { Deployment } from './Deployment.ts'

/** Reads what `deployContracts` wrote, or an operator by hand. @returns null where there is no file. @throws {InvalidInputError} */
export function readDeployment(path: string): Deployment | null {
  if (!existsSync(path)) return null
  const file = parse(path)
  const of = (name: string): Address => address(String(field(field(file, 'contracts'), name)), `${path}: ${name}`)
  const optional = (name: string) => (field(field(file, 'contracts'), name) == null ? {} : { [name]: of(name) })
  return {
    chainId: integer(path, 'chainId', field(file, 'chainId')),
    fromBlock: integer(path, 'fromBlock', field(file, 'fromBlock')),
    contracts: {
      projectRegistrar: of('projectRegistrar'),
      nodeRegistry: of('nodeRegistry'),
      proverRegistrar: of('proverRegistrar'),
      fleetManager: of('fleetManager'),
      verifierRegistry: of('verifierRegistry'),
      settlement: of('settlement'),
      ...optional('riscZeroVerifier'),
      ...optional('riscZeroRouter'),
    },
  }
}

function parse(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'))
  } catch (cause) {
    throw new InvalidInputError({ field: path, problem: 'is not JSON', cause })
  }
}

/** @throws {InvalidInputError} */
function integer(path: string, name: string, value: unknown): bigint {
  if (/^[0-9]{1,78}$/.test(String(value))) return BigInt(String(value))
  throw new InvalidInputError({ field: `${path}: ${name}`, problem: 'has to be a whole number' })
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null
    ? Object.entries(value).find(([key]) => key === name)?.[1]
    : undefined
}
