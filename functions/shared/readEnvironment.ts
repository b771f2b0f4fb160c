import { type DeploymentConfig, parseDeploymentConfig } from '@w3bstream/protocol'
import { readVariables, type Unit, type UnitVariables, type Variables } from './readVariables.ts'

export type { QueueUrls, Unit, Variables } from './readVariables.ts'

/** What a unit's environment says. */
export type Environment<U extends Unit> = UnitVariables<U, DeploymentConfig>

/**
 * Reads the settings of a deployed unit, which `stacks/` writes.
 * @throws {InvalidConfigError} naming every variable that is missing or wrong, without its value
 */
export function readEnvironment<U extends Unit>(unit: U, variables: Variables): Environment<U> {
  return readVariables(unit, variables, parseDeploymentConfig)
}
