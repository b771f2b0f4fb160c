import { InvalidInputError } from '@w3bstream/protocol'

const LEVELS = ['error', 'warn', 'info', 'debug', 'silent'] as const
/** The least severe level that is written. */
export type LogLevel = (typeof LEVELS)[number]

/** @returns `W3B_LOG_LEVEL`; `warn` where it is not set. @throws {InvalidInputError} it is no level */
export function logLevel(env: Readonly<Record<string, string | undefined>> = process.env): LogLevel {
  const wanted = env.W3B_LOG_LEVEL || 'warn'
  const level = LEVELS.find((one) => one === wanted)
  if (level !== undefined) return level
  throw new InvalidInputError({ field: 'W3B_LOG_LEVEL', problem: `has to be one of ${LEVELS.join(', ')}` })
}
