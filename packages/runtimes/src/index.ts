export { createRuntimes, type Runtimes } from './createRuntimes.ts'
export { inflateProgram, MOST_PROGRAM_BYTES } from './inflateProgram.ts'
export { SandboxUnavailableError } from './SandboxUnavailableError.ts'
export type { SandboxOptions } from './sandbox/Sandbox.ts'
