import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { readErrorAnswer } from './readErrorAnswer.ts'
import { toAwsError } from './toAwsError.ts'

const REFUSED = 'The request signature we calculated does not match the signature you provided.'
/** As AWS answers a wrong signature: with the request that it was asked, session token and all. */
const message = `${REFUSED}\n\nThe Canonical String for this request should have been\n'POST\n/\n\nx-amz-security-token:TOKEN\n'`

describe('AwsError', () => {
  it('does not repeat the session token that a refused signature covered', () => {
    const answer = readErrorAnswer(400, JSON.stringify({ __type: 'x#InvalidSignatureException', message }))
    const thrown = Object.assign(new Error(message), {
      name: 'InvalidSignatureException',
      $metadata: { httpStatusCode: 400 },
    })
    for (const error of [answer, toAwsError(thrown)]) {
      expect(error).toMatchObject({ code: 'InvalidSignatureException', message: REFUSED })
      expect(inspect(error, { depth: null })).not.toContain('TOKEN')
    }
  })
})
