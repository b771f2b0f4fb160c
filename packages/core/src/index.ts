export * from './ports/index.ts'
export * from './W3bstream.ts'
