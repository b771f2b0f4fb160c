/** The operation of SSM that units use. Throws AwsError; retries, with a bound, are the implementation's. */
export interface SsmCalls {
  /** @returns a parameter's value, decrypted, or null where there is no such parameter */
  getParameter(name: string): Promise<string | null>
}
