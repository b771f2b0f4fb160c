/**
 * Why the child did not run a program to its end. The child reads no file outside its folder, so it cannot use the protocol's errors: the parent
 * turns a refusal into ProgramError (`program`) or ProgramLimitError (`limit`).
 */
export class Refusal extends Error {
  override readonly name = 'Refusal'
  readonly kind: 'program' | 'limit'

  constructor(kind: 'program' | 'limit', reason: string) {
    super(reason)
    this.kind = kind
  }
}
