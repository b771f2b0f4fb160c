/** An emulator that is not there or does not start. */
export class EmulatorError extends Error {
  override readonly name = 'EmulatorError'
}
