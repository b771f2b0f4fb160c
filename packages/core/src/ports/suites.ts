export { contentSuite } from './Content.suite.ts'
