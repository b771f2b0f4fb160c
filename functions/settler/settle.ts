import { settleHandler } from './settleHandler.ts'

/** Lambda of the `settle` queue. */
export const handler = settleHandler(process.env)
