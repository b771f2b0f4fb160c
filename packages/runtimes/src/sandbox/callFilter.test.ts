import { execFileSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { callFilter } from './callFilter.ts'
import { childCommand, childWalls } from './childCommand.ts'

const here = childWalls().includes('calls') ? ['here'] : []

/** Runs a line of Perl behind the filter. */
const behind = (perl: string): string => {
  const { command, args } = childCommand({ cpuSeconds: 5, heapBytes: 1 }, undefined, ['calls'])
  const before = args.slice(0, args.indexOf('--') + 1)
  return execFileSync(command, [...before, '/usr/bin/perl', '-e', perl], { encoding: 'utf8', env: {} })
}

describe('callFilter', () => {
  it('knows the instruction sets that Fargate and EC2 have, and no other', () => {
    expect(callFilter('x64')?.length).toBeGreaterThan(0)
    expect(callFilter('arm64')?.length).toBeGreaterThan(0)
    expect(callFilter('ia32')).toBeNull()
  })

  it.each(['x64', 'arm64'])('jumps nowhere but to its own last two instructions on %s', (arch) => {
    const bytes = callFilter(arch) ?? Buffer.alloc(0)
    const length = bytes.length / 8
    for (let at = 6; at < length - 2; at++) expect(at + 1 + bytes.readUInt8(at * 8 + 2)).toBe(length - 1)
  })

  it.each(here)('refuses sockets of every kind %s, and lets files and processes be', () => {
    expect(
      behind('print join ",", map { socket(my $s, $_, 1, 0) ? "made" : $!{EPERM} ? "EPERM" : $! } 1, 2, 10, 16'),
    ).toBe('EPERM,EPERM,EPERM,EPERM')
    expect(behind('print `echo well`')).toBe('well\n')
  })

  it.each(here)('keeps a child from signalling its parent %s', () => {
    expect(behind('print kill(0, getppid()) ? "reached" : $!{EPERM} ? "EPERM" : $!')).toBe('EPERM')
  })
})
