export { blobStoreSuite } from './BlobStore.suite.ts'
export { chainStateSuite } from './ChainState.suite.ts'
export { contentSuite } from './Content.suite.ts'
export {
  batch,
  expireDue,
  keyed,
  type LogAndTasks,
  legacy,
  nextTask,
  packed,
  readLog,
  signed,
  someDevice,
  someLog,
  someMessage,
  step,
  unsigned,
} from './fixtures.suite.ts'
export { messageLogSuite } from './MessageLog.suite.ts'
export { queueSuite } from './Queue.suite.ts'
export { quotaSuite } from './Quota.suite.ts'
export { type RuntimeSubject, runtimeSuite } from './Runtime.suite.ts'
export { signerSuite } from './Signer.suite.ts'
export { taskStoreSuite } from './TaskStore.suite.ts'
export { tokensSuite } from './Tokens.suite.ts'
