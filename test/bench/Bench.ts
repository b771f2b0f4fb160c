import type { Figure } from './Figure.ts'

/** What a section of the benchmarks is given. */
export interface Bench {
  /** An empty directory on a disk; removed afterwards. */
  readonly dir: string
  /** Runs of each measurement, of which the median counts. */
  readonly runs: number
  /** Seconds a run under load. */
  readonly seconds: number
  /** Measure only what has this in its name; '': all. */
  readonly only: string
  /** Where processes under load leave CPU profiles; null: nowhere. */
  readonly profileDir: string | null
  /** Tells people what is being done. */
  readonly say: (line: string) => void
}

/** Measures, and gives its figures in the order in which they are to be read. */
export type Section = (bench: Bench) => Promise<Figure[]>
