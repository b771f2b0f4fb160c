import type { LambdaFunctionURLEvent } from 'aws-lambda'
import { createLambda } from './createLambda.ts'

const lambda = createLambda(process.env, (line) => process.stdout.write(`${line}\n`))

/** Handler of the function URL: streams answers where the platform can, else gives them in one piece. */
export const handler =
  'awslambda' in globalThis
    ? awslambda.streamifyResponse<LambdaFunctionURLEvent>((event, stream) =>
        lambda.streamed(event, (head) => awslambda.HttpResponseStream.from(stream, head)),
      )
    : lambda.buffered
