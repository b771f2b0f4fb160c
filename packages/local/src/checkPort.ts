import { createServer } from 'node:net'
import { AddressInUseError, ListenFailedError } from '@w3bstream/http/node'

/** Looks whether a port of 127.0.0.1 can be listened on; 0 always can. @throws {AddressInUseError} @throws {ListenFailedError} */
export async function checkPort(port: number): Promise<void> {
  const hostname = '127.0.0.1'
  await new Promise<void>((resolve, reject) => {
    const server = createServer()
    server.once('error', (cause: Error & { code?: string }) =>
      reject(
        cause.code === 'EADDRINUSE'
          ? new AddressInUseError({ hostname, port, cause })
          : new ListenFailedError({ hostname, port, reason: cause.code ?? cause.message, cause }),
      ),
    )
    server.listen(port, hostname, () => server.close(() => resolve()))
  })
}
