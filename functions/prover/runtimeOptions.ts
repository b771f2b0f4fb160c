import type { DeploymentConfig, VmType } from '@w3bstream/protocol'
import { findNative, type RuntimesOptions } from '@w3bstream/runtimes'
import type { Variables } from '../shared/readVariables.ts'

/** What the image of a prover says of its native runtime; all else is the deployment's to say. */
const OF_IMAGE = ['W3B_NATIVE', 'XDG_CACHE_HOME', 'W3B_SRS', 'W3B_SRS_SHA256'] as const

const KINDS: readonly VmType[] = ['halo2', 'risc0', 'zkwasm', 'wasm']

/** What a prover proves with beside its sandbox, by the deployment's `runtimes`. */
export function runtimeOptions(
  { native, compressor, external }: DeploymentConfig['runtimes'],
  variables: Variables,
): Required<Pick<RuntimesOptions, 'native' | 'external'>> {
  const ofImage = OF_IMAGE.flatMap((name) => {
    const value = variables[name]
    return typeof value === 'string' ? [[name, value] as const] : []
  })
  const images = KINDS.flatMap((kind) => {
    const address = external[kind]
    return address === undefined ? [] : [[kind, address] as const]
  })
  return {
    native: native ? findNative({ ...Object.fromEntries(ofImage), W3B_COMPRESSOR_URL: compressor ?? '' }) : null,
    external: new Map(images),
  }
}
