import { spawnSync } from 'node:child_process'

/** DynamoDBLocal is compiled for this version and later ones. */
const JAVA_VERSION = 17

/** @returns null where a Java that runs DynamoDBLocal is installed, else one line that says how to get it */
export function findJava(): string | null {
  const { stderr, status } = spawnSync('java', ['-version'], { encoding: 'utf8', timeout: 20_000 })
  const version = Number(/version "(\d+)/.exec(stderr ?? '')?.[1])
  if (status === 0 && version >= JAVA_VERSION) return null
  return `DynamoDBLocal needs Java ${JAVA_VERSION} or later on the PATH (Debian: apt-get install openjdk-17-jre-headless)`
}
