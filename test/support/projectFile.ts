import { deflateSync } from 'node:zlib'

/** A project file of the second shape with one version, as an owner would write it. */
export function projectFile(version: Readonly<Record<string, unknown>> = {}): Uint8Array {
  return new TextEncoder().encode(
    JSON.stringify({
      defaultVersion: '0.1',
      versions: [
        {
          version: '0.1',
          vmTypeID: 2,
          code: deflateSync(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0)).toString('hex'),
          outputs: [{ type: 'stdout' }],
          ...version,
        },
      ],
    }),
  )
}
