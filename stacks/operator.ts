import { config, prefix, stage } from './deployment.ts'
import { proverKey, sequencerKey, settlerKey } from './keys.ts'
import { bucket, messages, state } from './storage.ts'

/** Where the operator's tools find this stage: names of tables, bucket and keys, nothing secret. `functions/operator` reads it. */
new aws.ssm.Parameter('Operator', {
  name: `/${$app.name}/${stage}/operator`,
  description: `${prefix}: what functions/operator works on`,
  type: 'String',
  insecureValue: $jsonStringify({
    region: config.aws.region,
    messagesTable: messages.name,
    stateTable: state.name,
    bucket: bucket.name,
    keys: { sequencer: sequencerKey.id, prover: proverKey.id, settler: settlerKey.id },
  }),
})
