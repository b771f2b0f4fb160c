import { request } from 'node:http'
import type { Telemetry } from '@w3bstream/core'

/** Longer than a proof. Work that never pauses is protected no longer than this at a time, so that a deployment gets its turn. */
const EXPIRES_MINUTES = 60
const TIMEOUT_MS = 5_000

/**
 * Asks ECS not to end this task while it proves, when it scales in: the task protection endpoint of the container agent
 * (https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-scale-in-protection-endpoint.html). Spot interruptions come nevertheless.
 */
export class ScaleInProtection {
  readonly #agent: string | null
  readonly #telemetry: Telemetry
  #working = 0
  /** Requests go one after the other, so that the last word is the newest. */
  #asked: Promise<void> = Promise.resolve()

  /** @param options.agent `ECS_AGENT_URI`; null outside ECS, where nothing is asked */
  constructor(modules: { readonly telemetry: Telemetry }, options: { readonly agent: string | null }) {
    this.#telemetry = modules.telemetry
    this.#agent = options.agent
  }

  /** Protects this task while the work goes on. Does not wait for the agent: a proof is not worth less without protection. */
  async during<T>(work: () => Promise<T>): Promise<T> {
    if (this.#working++ === 0) this.#ask(true)
    try {
      return await work()
    } finally {
      if (--this.#working === 0) this.#ask(false)
    }
  }

  /** Resolves when the agent was asked all that it was to be asked. */
  async settled(): Promise<void> {
    await this.#asked
  }

  #ask(enabled: boolean): void {
    const agent = this.#agent
    if (agent === null) return
    this.#asked = this.#asked
      .then(() => {
        // Overtaken: work began or ended meanwhile.
        if (this.#working > 0 === enabled) return put(`${agent}/task-protection/v1/state`, bodyOf(enabled))
      })
      .catch((error: unknown) => {
        this.#telemetry.log('debug', 'the task could not be protected from scaling in', { reason: String(error) })
      })
  }
}

const bodyOf = (ProtectionEnabled: boolean) =>
  JSON.stringify(ProtectionEnabled ? { ProtectionEnabled, ExpiresInMinutes: EXPIRES_MINUTES } : { ProtectionEnabled })

function put(url: string, body: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const sent = request(
      url,
      { method: 'PUT', headers: { 'content-type': 'application/json' }, timeout: TIMEOUT_MS },
      (answer) => {
        answer.resume()
        answer.once('end', () =>
          answer.statusCode === 200 ? resolve() : reject(new Error(`the agent answered ${answer.statusCode}`)),
        )
        answer.once('error', reject)
      },
    )
    sent.once('timeout', () => sent.destroy(new Error('the agent does not answer')))
    sent.once('error', reject)
    sent.end(body)
  })
}
