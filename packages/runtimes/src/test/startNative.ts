import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findNative } from '../native/findNative.ts'
import { type NativeOptions, NativeServer } from '../native/NativeServer.ts'

/** The built native runtime, for a `*.native.test.ts`; it keeps its state in a folder of its own for as long. */
export function startNative(
  options: Pick<NativeOptions, 'srs'> = {},
): { readonly native: NativeServer; close(): Promise<void> } & AsyncDisposable {
  const found = findNative()
  if (found === null) throw new TypeError('W3B_NATIVE switches the native runtime off, and this test needs it')
  const stateDir = mkdtempSync(join(tmpdir(), 'w3b-native-test-'))
  const native = new NativeServer({ ...found, ...options, stateDir })
  const close = async (): Promise<void> => {
    await native.close()
    rmSync(stateDir, { recursive: true })
  }
  return { native, close, [Symbol.asyncDispose]: close }
}
