export { AddressInUseError } from '../errors/AddressInUseError.ts'
export { ListenFailedError } from '../errors/ListenFailedError.ts'
export { nodeListener } from './nodeListener.ts'
export { type ServeOptions, type Serving, serve } from './serve.ts'
