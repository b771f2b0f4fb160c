/** One measured number, with what it is held against and what it was measured beside. */
export interface Figure {
  readonly name: string
  readonly value: number
  readonly unit: 'messages/s' | 'tasks/s' | 'rows/s' | 'ms' | 's' | 'MB' | '% of a core' | 'ratio'
  /** Null: measured for comparison. */
  readonly target: Target | null
  /** Numbers that explain it, by name. */
  readonly beside: Readonly<Record<string, number>>
}

export type Target = { readonly atLeast: number } | { readonly atMost: number }

/** Whether a figure reaches its target; null where it has none. */
export function meets({ value, target }: Figure): boolean | null {
  if (target === null) return null
  return 'atLeast' in target ? value >= target.atLeast : value <= target.atMost
}
