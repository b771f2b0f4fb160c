import { javaVersion } from './javaVersion.ts'

/** DynamoDBLocal is compiled for this version and later ones. */
const NEEDED = 17

/** @returns null where a Java that runs DynamoDBLocal is installed, else one line that says how to get it */
export function findJava(): string | null {
  if ((javaVersion() ?? 0) >= NEEDED) return null
  return `DynamoDBLocal needs Java ${NEEDED} or later on the PATH (Debian: apt-get install openjdk-17-jre-headless)`
}
