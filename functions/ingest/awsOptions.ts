import { InvalidConfigError } from '@w3bstream/protocol'
import { type AwsOptions, readAwsEnvironment } from '@w3bstream/store-aws'
import type { Variables } from '../shared/readVariables.ts'

/** How AWS is called by signed fetches. @throws {InvalidConfigError} without region or credentials */
export function awsOptions(variables: Variables): AwsOptions & Required<Pick<AwsOptions, 'credentials'>> {
  const texts = Object.entries(variables).filter((entry): entry is [string, string] => typeof entry[1] === 'string')
  const { credentials, ...options } = readAwsEnvironment(Object.fromEntries(texts))
  if (credentials === undefined)
    throw new InvalidConfigError({ problems: ['AWS_ACCESS_KEY_ID or AWS_SECRET_ACCESS_KEY is missing'] })
  // Whoever posts tries again by itself: an answer soon is better than one more try here.
  return { attempts: 3, ...options, credentials }
}
