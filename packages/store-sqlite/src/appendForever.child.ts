import { signed, someDevice, someLog } from '@w3bstream/core/ports/suites'
import { openStore } from './openStore.ts'

/* Appends to a data directory until it is killed, and prints the id of every message once it was acknowledged. */
const store = await openStore({ dir: process.argv[2] ?? '' })
const log = someLog()
const device = someDevice()
let nonce = 0n
const append = async (): Promise<never> => {
  for (;;) {
    const [outcome] = await store.messages.append([signed(log, device, nonce++, 'x'.repeat(500))])
    process.stdout.write(`${outcome?.id}\n`)
  }
}
await Promise.all(Array.from({ length: 32 }, append))
