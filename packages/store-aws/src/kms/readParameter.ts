import { InvalidConfigError } from '@w3bstream/protocol'
import { AwsUnavailableError } from './AwsUnavailableError.ts'
import type { SsmCalls } from './SsmCalls.ts'

/**
 * Reads a parameter that a deployment needs: a SecureString comes decrypted.
 * @throws {InvalidConfigError} there is no such parameter, or it is empty
 * @throws {AwsUnavailableError} SSM does not answer or refuses
 */
export async function readParameter(ssm: SsmCalls, name: string): Promise<string> {
  let value: string | null
  try {
    value = await ssm.getParameter(name)
  } catch (cause) {
    throw new AwsUnavailableError({ service: 'SSM', subject: `the parameter ${name}`, cause })
  }
  if (value === null || value === '')
    throw new InvalidConfigError({ problems: [`the SSM parameter ${name} is ${value === null ? 'missing' : 'empty'}`] })
  return value
}
