import { InvalidConfigError, StoreUnavailableError } from '@w3bstream/protocol'
import type { AwsOptions } from '@w3bstream/store-aws'
import { AwsV4Signer } from 'aws4fetch'

const TIMEOUT_MS = 3_000

/**
 * Reads a parameter of SSM by a signed fetch, decrypted.
 * @throws {InvalidConfigError} there is none @throws {StoreUnavailableError} SSM does not answer, or refuses
 */
export async function fetchParameter(
  options: AwsOptions & Required<Pick<AwsOptions, 'credentials'>>,
  name: string,
): Promise<string> {
  const url = `${options.endpoints?.ssm ?? `https://ssm.${options.region}.amazonaws.com`}/`
  const signer = new AwsV4Signer({
    ...(await options.credentials()),
    url,
    method: 'POST',
    service: 'ssm',
    region: options.region,
    headers: { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': 'AmazonSSM.GetParameter' },
    body: JSON.stringify({ Name: name, WithDecryption: true }),
  })
  const signed = await signer.sign()
  let status: number
  let text: string
  try {
    const answer = await fetch(signed.url, {
      method: signed.method,
      headers: signed.headers,
      body: signed.body ?? null,
      signal: AbortSignal.timeout(TIMEOUT_MS),
    })
    status = answer.status
    text = await answer.text()
  } catch (cause) {
    throw new StoreUnavailableError({ reason: 'SSM does not answer', cause })
  }
  if (status === 400 && text.includes('ParameterNotFound'))
    throw new InvalidConfigError({ problems: [`the SSM parameter ${name} is missing`] })
  // A refusal's words may name what they refuse; the status is enough for a log.
  if (status !== 200) throw new StoreUnavailableError({ reason: `SSM answered ${status}` })
  const value: unknown = JSON.parse(text)?.Parameter?.Value
  if (typeof value !== 'string' || value === '')
    throw new InvalidConfigError({ problems: [`the SSM parameter ${name} is empty`] })
  return value
}
