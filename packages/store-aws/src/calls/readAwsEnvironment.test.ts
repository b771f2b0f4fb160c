import { InvalidConfigError } from '@w3bstream/protocol'
import { describe, expect, it } from 'vitest'
import { readAwsEnvironment } from './readAwsEnvironment.ts'

describe('readAwsEnvironment', () => {
  it('reads region, credentials and endpoints as AWS names them', async () => {
    const { region, credentials, endpoints } = readAwsEnvironment({
      AWS_REGION: 'eu-central-1',
      AWS_ACCESS_KEY_ID: 'id',
      AWS_SECRET_ACCESS_KEY: 'secret',
      AWS_SESSION_TOKEN: 'token',
      AWS_ENDPOINT_URL_S3: 'http://127.0.0.1:1/',
    })
    expect(region).toBe('eu-central-1')
    expect(await credentials?.()).toEqual({ accessKeyId: 'id', secretAccessKey: 'secret', sessionToken: 'token' })
    expect(endpoints).toEqual({ s3: 'http://127.0.0.1:1' })
  })

  it('takes one endpoint for all, and leaves credentials to the SDK where none are named', () => {
    const { credentials, endpoints } = readAwsEnvironment({
      AWS_DEFAULT_REGION: 'us-east-1',
      AWS_ENDPOINT_URL: 'http://127.0.0.1:1',
      AWS_ENDPOINT_URL_SQS: 'http://127.0.0.1:2',
      AWS_SESSION_TOKEN: '',
    })
    expect(credentials).toBeUndefined()
    expect(endpoints).toMatchObject({ dynamodb: 'http://127.0.0.1:1', sqs: 'http://127.0.0.1:2' })
  })

  it('names a region that is missing', () => {
    expect(() => readAwsEnvironment({ AWS_REGION: '' })).toThrow(InvalidConfigError)
    expect(() => readAwsEnvironment({})).toThrow(/AWS_REGION/)
  })
})
