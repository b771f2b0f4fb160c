export { fetchAws } from './calls/fetchAws.ts'
