import './bundles.ts'
import { config, prefix } from './deployment.ts'
import type { Environment } from './environment.ts'
import { type Statement, serviceRole } from './roles.ts'

/** What a function is made of. */
export interface UnitArgs {
  /** Its name in `functions/build.mjs`. */
  readonly unit: string
  readonly memoryMb: number
  readonly timeoutS: number
  readonly environment: Environment
  readonly statements: readonly Statement[]
  /** Calls at once, kept for this function alone. */
  readonly reserved?: number
  /** A public URL that streams its answers. */
  readonly url?: boolean
  /** `PassThrough` where the unit sends its own sample of traces. Default `Active`. */
  readonly tracing?: 'Active' | 'PassThrough'
}

/** A deployed function: its own role, log group and sizes; its logs are JSON, and the platform's own lines only warnings. */
export function lambda(name: string, args: UnitArgs): sst.aws.Function {
  const logGroup = new aws.cloudwatch.LogGroup(`${name}Logs`, {
    name: `/w3bstream/${prefix}/${name.toLowerCase()}`,
    retentionInDays: config.aws.logDays,
  })
  const role = serviceRole(`${name}ExecutionRole`, 'lambda.amazonaws.com', [
    { actions: ['logs:CreateLogStream', 'logs:PutLogEvents'], resources: [$interpolate`${logGroup.arn}:*`] },
    // X-Ray has no resources to name.
    { actions: ['xray:PutTraceSegments', 'xray:PutTelemetryRecords'], resources: ['*'] },
    ...args.statements,
  ])
  return new sst.aws.Function(name, {
    // As the tests have loaded and measured it; `sst` would bundle by other rules.
    handler: 'index.handler',
    bundle: `functions/dist/bundles/${args.unit}`,
    runtime: 'nodejs24.x',
    architecture: 'arm64',
    memory: `${args.memoryMb} MB`,
    timeout: `${args.timeoutS} seconds`,
    role: role.arn,
    logging: { logGroup: logGroup.name, format: 'json' },
    environment: { ...args.environment },
    ...(args.reserved === undefined ? {} : { concurrency: { reserved: args.reserved } }),
    ...(args.url ? { url: { cors: false }, streaming: true } : {}),
    transform: {
      function: (fn) => {
        fn.tracingConfig = { mode: args.tracing ?? 'Active' }
        fn.loggingConfig = {
          logFormat: 'JSON',
          logGroup: logGroup.name,
          systemLogLevel: 'WARN',
          // Units keep to their own level. Lambda takes lines without one, which metrics are, for INFO.
          applicationLogLevel: config.aws.logLevel === 'debug' ? 'DEBUG' : 'INFO',
        }
        // No unit is linked to anything: what SST adds for that, a key among it, is not needed.
        fn.environment = { variables: { ...args.environment } }
      },
    },
  })
}
