import { Risc0Runtime } from '../Risc0Runtime.ts'
import { guestJob } from './guests.ts'
import { startNative } from './startNative.ts'

// A parent to be killed: has the native runtime prove a guest that never ends, and prints the server's process id once it does.

const { native } = startNative()
const proving = new Risc0Runtime({ native }).prove(guestJob('loops'), new AbortController().signal, () => {
  process.stdout.write(`${native.pid}\n`)
})
proving.catch((error: unknown) => {
  console.error(error)
  process.exit(1)
})
setInterval(() => {}, 60_000)
