import { segmentsHandler } from './segmentsHandler.ts'

/** Lambda on the messages' stream. */
export const handler = segmentsHandler(process.env)
