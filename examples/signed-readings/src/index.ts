export * from './readings.ts'
export * from './statistics.ts'
