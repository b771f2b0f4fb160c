import { sequenceHandler } from './sequenceHandler.ts'

/** Lambda of the schedule, each minute, and of the `pack` queue. */
export const handler = sequenceHandler(process.env)
