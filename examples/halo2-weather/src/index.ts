export * from './artifacts.ts'
export * from './project.ts'
export * from './readings.ts'
export * from './statistics.ts'
