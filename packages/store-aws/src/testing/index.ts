export { awsTestOptions } from './awsTestOptions.ts'
export { createBucket } from './createBucket.ts'
export { createKmsKey } from './createKmsKey.ts'
export { createQueues, type QueueUrls } from './createQueues.ts'
export { createTables, type TableNames } from './createTables.ts'
export type { Emulator } from './Emulator.ts'
export { EmulatorError } from './EmulatorError.ts'
export { type Fault, FaultProxy, type FaultRule, type InjectedFault, type ProxiedCall } from './FaultProxy.ts'
export { findJava } from './findJava.ts'
export { findPip } from './findPip.ts'
export { putSecret } from './putSecret.ts'
export { startDynamo } from './startDynamo.ts'
export { startFauxqs } from './startFauxqs.ts'
export { startMoto } from './startMoto.ts'
export {
  type GivenUpBatch,
  type StreamPump,
  type StreamPumpOptions,
  type StreamRecord,
  streamPump,
} from './streamPump.ts'
export { type TestAws, type TestDeployment, testAws } from './testAws.ts'
