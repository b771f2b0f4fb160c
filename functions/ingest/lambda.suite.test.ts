import { httpSuite } from '@w3bstream/http/suite'
import { testAws } from '@w3bstream/store-aws/testing'
import { describe } from 'vitest'
import { awsRoad } from '../testing/awsRoad.ts'
import { eventOf, streamedResponse } from '../testing/functionUrl.ts'
import { ingestVariables, ORIGIN_SECRET, TEST_DOMAIN } from '../testing/ingestVariables.ts'
import { createLambda } from './createLambda.ts'
import { ORIGIN_SECRET_HEADER } from './originOf.ts'

describe("the application as a function URL's handler, over DynamoDB and S3", () => {
  const aws = testAws()
  httpSuite(async (options) => {
    const deployment = await aws.make()
    const road = await awsRoad(aws, deployment, TEST_DOMAIN)
    const lambda = createLambda(ingestVariables(deployment, options), () => {})
    const viewer = { [ORIGIN_SECRET_HEADER]: ORIGIN_SECRET, 'cloudfront-viewer-address': '198.51.100.10:46532' }
    return {
      origin: 'https://test.lambda-url.us-east-1.on.aws',
      domain: TEST_DOMAIN,
      road,
      packsOnPost: false,
      async fetch(request) {
        const event = await eventOf(request, viewer)
        return streamedResponse((open) => lambda.streamed(event, open))
      },
      stop: () => road.stop(),
    }
  })
})
