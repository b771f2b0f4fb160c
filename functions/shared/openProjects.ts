import { createHash } from 'node:crypto'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { EmbeddedContent, RoutedContent } from '@w3bstream/content'
import { type BlobStore, type Clock, ProjectResolver, type Registry } from '@w3bstream/core'
import type { DeploymentConfig } from '@w3bstream/protocol'

/** A gateway whose every block is checked, run for the public: https://docs.ipfs.tech/concepts/public-utilities/ */
const PUBLIC_GATEWAY = 'https://trustless-gateway.link'

export const sha256 = (bytes: Uint8Array): Uint8Array => createHash('sha256').update(bytes).digest()

/** Reads project files: from the blob store, else from where the registry says they are. */
export function openProjects(
  modules: { readonly registry: Registry; readonly blobs: BlobStore; readonly clock: Clock },
  { ipfsGateway, limits }: Pick<DeploymentConfig, 'ipfsGateway' | 'limits'>,
): ProjectResolver {
  // Nothing is published here, so nothing is kept in the directory.
  const embedded = new EmbeddedContent(modules, { dir: join(tmpdir(), 'w3b-cids') })
  const content = new RoutedContent({ embedded }, { gateway: ipfsGateway ?? PUBLIC_GATEWAY })
  return new ProjectResolver({ ...modules, content, sha256 }, { maxFileBytes: limits.maxProjectFileBytes })
}
