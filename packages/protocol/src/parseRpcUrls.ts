import * as z from 'zod'
import { InvalidConfigError } from './errors/InvalidConfigError.ts'

const schema = z.record(
  z.string().regex(/^(?:0|[1-9][0-9]{0,77})$/),
  z
    .array(z.url({ protocol: /^(?:https?|wss?)$/ }))
    .min(1)
    .max(16),
)

/**
 * Reads the endpoints of a deployment's chains, which are a secret since their URLs hold keys: JSON, chain ids to lists of URLs, best first.
 *
 * @param chainIds the chains that have to be there
 * @throws {InvalidConfigError} naming the chain, never showing a URL
 */
export function parseRpcUrls(text: string, chainIds: readonly bigint[]): ReadonlyMap<bigint, readonly string[]> {
  const read = schema.safeParse(parseJson(text))
  if (!read.success) {
    const chains = new Set(read.error.issues.map(({ path }) => path[0]?.toString() ?? 'all'))
    throw new InvalidConfigError({
      problems: [
        `the endpoints of chain ${[...chains].join(', ')} have to be lists of http(s) or ws(s) URLs, by chain id`,
      ],
    })
  }
  const urls = new Map(Object.entries(read.data).map(([chainId, list]) => [BigInt(chainId), list]))
  const missing = chainIds.filter((chainId) => !urls.has(chainId))
  if (missing.length > 0) throw new InvalidConfigError({ problems: [`chain ${missing.join(', ')} has no endpoint`] })
  return urls
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // What JSON.parse says shows the text, which holds keys.
    throw new InvalidConfigError({ problems: ['the chains’ endpoints are not JSON'] })
  }
}
