import { spawnSync } from 'node:child_process'

/** @returns null where Python with its package installer is there, else one line that says how to get it */
export function findPip(): string | null {
  const { status } = spawnSync('python3', ['-m', 'pip', '--version'], { encoding: 'utf8', timeout: 20_000 })
  if (status === 0) return null
  return 'The emulator of KMS and SSM needs Python 3 with pip (Debian: apt-get install python3-pip)'
}
