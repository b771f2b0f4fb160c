/** A server of this machine that stands for a service of AWS. */
export interface Emulator {
  /** Without a trailing slash; the same after a restart. */
  readonly url: string
  /** Stops it and starts it again at the same address, with what it had stored where it was told to keep that. */
  restart(): Promise<void>
  stop(): Promise<void>
}
