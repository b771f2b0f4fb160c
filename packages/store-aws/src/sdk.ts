export { sdkAws } from './calls/sdkAws.ts'
