import { prefix } from './deployment.ts'

/** What a role may do: exact actions on named resources. */
export interface Statement {
  readonly actions: readonly string[]
  readonly resources: readonly $util.Input<string>[]
  /** As IAM writes them: operator, key, values. */
  readonly conditions?: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>
}

/** A policy document that allows the statements and nothing else. */
export const policyDocument = (statements: readonly Statement[]): $util.Output<string> =>
  $jsonStringify({
    Version: '2012-10-17',
    Statement: statements.map(({ actions, resources, conditions }) => ({
      Effect: 'Allow',
      Action: [...actions],
      Resource: [...resources],
      ...(conditions === undefined ? {} : { Condition: conditions }),
    })),
  })

/** IAM leaves 37 letters before what it appends; the deployer may only make roles that begin so. */
export const namePrefix = (name: string): string => `${`${prefix}-${name}`.slice(0, 37)}-`

/** A role that one AWS service takes on. */
export const serviceRole = (
  name: string,
  service: string,
  statements: readonly Statement[],
  managedPolicies: readonly string[] = [],
): aws.iam.Role =>
  new aws.iam.Role(name, {
    namePrefix: namePrefix(name),
    assumeRolePolicy: JSON.stringify({
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Principal: { Service: service }, Action: 'sts:AssumeRole' }],
    }),
    ...(statements.length === 0 ? {} : { inlinePolicies: [{ name: 'unit', policy: policyDocument(statements) }] }),
    ...(managedPolicies.length === 0 ? {} : { managedPolicyArns: [...managedPolicies] }),
  })
