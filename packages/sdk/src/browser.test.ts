import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { expect, it } from 'vitest'
import { signReading } from './signReading.ts'

it('is bundled for browsers with no built-in of Node, and signs the same there', async () => {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL('./index.ts', import.meta.url))],
    bundle: true,
    format: 'esm',
    platform: 'browser',
    write: false,
  })
  const text = outputFiles[0]?.text ?? ''
  const bundled: { signReading: typeof signReading } = await import(`data:text/javascript,${encodeURIComponent(text)}`)
  const secret = new Uint8Array(32).fill(7)
  expect(bundled.signReading(secret, 5n, [1n, 2n])).toBe(signReading(secret, 5n, [1n, 2n]))
})
