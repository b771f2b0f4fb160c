/** Resolves when the platform tells this process to end: ECS sends SIGTERM, also two minutes before it takes spot capacity away. */
export function untilToldToStop(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve())
  })
}
