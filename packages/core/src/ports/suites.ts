export { contentSuite } from './Content.suite.ts'
export { type RuntimeSubject, runtimeSuite } from './Runtime.suite.ts'
