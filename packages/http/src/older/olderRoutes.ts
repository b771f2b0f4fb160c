import type { AppContext } from '../AppContext.ts'
import { issueCredential } from '../credentials/issueCredential.ts'
import type { Endpoints } from '../Endpoints.ts'
import { HttpError } from '../errors/HttpError.ts'
import { json } from '../reply/json.ts'
import { parseBody } from '../request/parseBody.ts'
import { readBody } from '../request/readBody.ts'
import { getMessage } from './getMessage.ts'
import { getTask } from './getTask.ts'
import { getTaskByBody } from './getTaskByBody.ts'
import { postMessage } from './postMessage.ts'

const CREDENTIAL_BODY = 64 * 1024

/** Sprout's API and the later W3bstream's, on the paths that their clients know. */
export function olderRoutes(endpoints: Endpoints, app: AppContext): void {
  endpoints.add({ method: 'post', path: '/message' }, postMessage(app))
  endpoints.add({ method: 'get', path: '/message/{id}' }, getMessage(app))
  endpoints.add({ method: 'get', path: '/task/{projectID}/{taskID}' }, getTask(app))
  endpoints.add({ method: 'get', path: '/task' }, getTaskByBody(app))
  endpoints.add({ method: 'get', path: '/live' }, () => json({ status: 'up' }))
  endpoints.add({ method: 'post', path: '/sign_credential' }, async (c) => {
    app.access.takeAddress(app.access.source(c), 1)
    if (app.credentialSigner === null)
      throw HttpError.notConfigured('Issuing credentials', 'The operator has to give this deployment a credential key.')
    const request = parseBody(await readBody(c, CREDENTIAL_BODY))
    return json({ verifiableCredential: await issueCredential(app.credentialSigner, request, app.clock.now()) })
  })
  endpoints.add({ method: 'get', path: '/coordinator_config' }, () => json(app.coordinatorConfig))
}
