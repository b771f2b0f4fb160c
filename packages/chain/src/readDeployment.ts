import { existsSync, readFileSync } from 'node:fs'
import { type Address, address } from '@w3bstream/protocol'
import type { Deployment } from './Deployment.ts'

/** Reads what `deployContracts` wrote, or an operator by hand. @returns null where there is no file. @throws {InvalidInputError} */
export function readDeployment(path: string): Deployment | null {
  if (!existsSync(path)) return null
  const file: unknown = JSON.parse(readFileSync(path, 'utf8'))
  const of = (name: string): Address => address(String(field(field(file, 'contracts'), name)), `${path}: ${name}`)
  return {
    chainId: BigInt(String(field(file, 'chainId'))),
    fromBlock: BigInt(String(field(file, 'fromBlock'))),
    contracts: {
      projectRegistrar: of('projectRegistrar'),
      nodeRegistry: of('nodeRegistry'),
      proverRegistrar: of('proverRegistrar'),
      fleetManager: of('fleetManager'),
      verifierRegistry: of('verifierRegistry'),
      settlement: of('settlement'),
    },
  }
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null
    ? Object.entries(value).find(([key]) => key === name)?.[1]
    : undefined
}
