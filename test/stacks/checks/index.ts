import { checkContainers, checkGpu } from './containers.ts'
import { checkEnvironments } from './environments.ts'
import { checkFunctions } from './functions.ts'
import type { Check } from './graphOf.ts'
import { checkIngest } from './ingest.ts'
import { checkNames } from './names.ts'
import { checkNetwork } from './network.ts'
import { checkObservability } from './observability.ts'
import { checkPermissions } from './permissions.ts'
import { checkQueues } from './queues.ts'
import { checkRetention } from './retention.ts'
import { checkSecrets } from './secrets.ts'
import { checkStorage } from './storage.ts'

/** What holds for every deployment, by the words of a test. */
export const checks: Readonly<Record<string, Check>> = {
  'queues have dead letters and hide a hint long enough': checkQueues,
  'roles do what they name on what they name': checkPermissions,
  'secrets stand nowhere in plaintext': checkSecrets,
  'storage is private, encrypted, versioned and protected': checkStorage,
  'functions are legal and cheap to log': checkFunctions,
  'containers are legal and closed': checkContainers,
  'GPUs come from zero, and instances keep their metadata': checkGpu,
  'nothing comes in, nothing is paid for while idle': checkNetwork,
  'alarms look at what is written': checkObservability,
  'names are unique': checkNames,
  'production is kept, other stages are not': checkRetention,
  'the edge shows its secret': checkIngest,
  'units are told what they read': checkEnvironments,
}
