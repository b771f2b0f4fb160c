import type { Telemetry } from '@w3bstream/core'

/** Telemetry for whoever wants none. */
export const silentTelemetry: Telemetry = {
  count() {},
  observe() {},
  gauge() {},
  log() {},
  span: (_, __, run) => run(),
}
