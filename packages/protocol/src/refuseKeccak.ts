/** In place of `compileKeccak` in bundles for browsers and edge functions, where its 200 KB cost more time than they save. @throws always */
export async function compileKeccak(): Promise<(bytes: Uint8Array) => Uint8Array> {
  throw new Error('There is no WebAssembly in this bundle.')
}
