import { PlatformUnavailableError, preparePlatform } from './preparePlatform.ts'

/** Ends with 3 where the platform cannot be had. */
try {
  await preparePlatform()
} catch (error) {
  if (!(error instanceof PlatformUnavailableError)) throw error
  console.error(error.message)
  process.exitCode = 3
}
