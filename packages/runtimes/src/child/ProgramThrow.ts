/** What a program threw through `__wbindgen_throw`, `abort` and the like, or an import that has to fail. */
export class ProgramThrow extends Error {
  override readonly name = 'ProgramThrow'
}
