import { config, prefix } from './deployment.ts'
import { type SecretName, secretNames } from './secretNames.ts'

/** A secret as an encrypted parameter: units are told its name, never its value. */
const parameters = new Map(
  secretNames(config).map((name) => [
    name,
    new aws.ssm.Parameter(`${name}Parameter`, {
      name: `/${$app.name}/${$app.stage}/secrets/${name}`,
      description: `${prefix}: the secret ${name}`,
      type: 'SecureString',
      value: new sst.Secret(name).value,
    }),
  ]),
)

/** @throws {Error} if the configuration has no such secret */
export function secretParameter(name: SecretName): aws.ssm.Parameter {
  const found = parameters.get(name)
  if (found === undefined) throw new Error(`This deployment has no secret ${name}.`)
  return found
}

/** Changes with any secret: units read theirs once, and start anew when their settings change. */
export const secretsVersion: $util.Output<string> = $resolve(
  [...parameters.values()].map(({ version }) => version),
).apply((versions) => versions.join('.'))
