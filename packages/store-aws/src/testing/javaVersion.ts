import { spawnSync } from 'node:child_process'

/** @returns the feature release of the Java on the PATH, or null without one */
export function javaVersion(): number | null {
  const { stderr, status } = spawnSync('java', ['-version'], { encoding: 'utf8', timeout: 20_000 })
  const version = Number(/version "(\d+)/.exec(stderr ?? '')?.[1])
  return status === 0 && version > 0 ? version : null
}
