// The readings and what the outputs say are those of the example in Halo2, and its dApp takes both.
export { readings, type Statistics, statistics } from '@w3bstream/example-halo2-weather'
export * from './artifacts.ts'
export * from './project.ts'
