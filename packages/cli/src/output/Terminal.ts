import type { Writable } from 'node:stream'
import { W3bError } from '@w3bstream/protocol'
import pc from 'picocolors'

export type Colors = ReturnType<typeof pc.createColors>

/** Where a command writes. With `json`, stdout gets exactly one JSON value; what is for people goes to stderr. */
export class Terminal {
  /** Colours for stdout: none unless it is a terminal. */
  readonly colors: Colors
  readonly json: boolean
  readonly #out: Writable
  readonly #err: Writable
  readonly #progress: boolean

  constructor(p: {
    readonly out: Writable & { readonly isTTY?: boolean }
    readonly err: Writable & { readonly isTTY?: boolean }
    readonly env: Readonly<Record<string, string | undefined>>
    readonly json: boolean
  }) {
    this.#out = p.out
    this.#err = p.err
    this.json = p.json
    const wanted = p.env.NO_COLOR === undefined || p.env.NO_COLOR === ''
    this.colors = pc.createColors(wanted && !p.json && p.out.isTTY === true)
    this.#progress = p.err.isTTY === true
  }

  /** The command's result: `value` as JSON, or what `human` makes of it. Once a command. */
  result(value: unknown, human: (colors: Colors) => string): void {
    this.#out.write(`${this.json ? JSON.stringify(value, bigints) : human(this.colors)}\n`)
  }

  /** A line of what is going on: for people who watch, so never into a file or a pipe. */
  progress(line: string): void {
    if (this.#progress) this.#err.write(`${printable(line)}\n`)
  }

  /** A line that a person has to see although stdout carries the result. */
  note(line: string): void {
    this.#err.write(`${printable(line)}\n`)
  }

  /** A line as it happens, before the result; nothing with `json`. */
  live(human: (colors: Colors) => string): void {
    if (!this.json) this.#out.write(`${human(this.colors)}\n`)
  }

  /** Where data that is printed as it comes belongs: stdout, unless that is for the one JSON value. */
  get data(): Writable {
    return this.json ? this.#err : this.#out
  }

  /** Help and the like, made here: shown as it is. */
  text(text: string): void {
    this.#out.write(text)
  }

  /** As `text`, on stderr. */
  error(text: string): void {
    this.#err.write(text)
  }

  failure(error: unknown): void {
    const known = error instanceof W3bError ? error : null
    const message = known?.message ?? (error instanceof Error ? error.message : String(error))
    if (this.json) this.result(known?.toJSON() ?? { code: 'INTERNAL', error: message }, () => '')
    this.note(`w3b: ${message}`)
    if (known?.hint !== undefined) this.note(`     ${known.hint}`)
    if (known === null && error instanceof Error && error.stack !== undefined)
      this.#err.write(`${error.stack.split('\n').slice(1).map(printable).join('\n')}\n`)
  }
}

/** Text of others without the control characters that could steer a terminal. */
export function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
  return text.replaceAll(/[\u0000-\u001f\u007f-\u009f]/g, ' ')
}

const bigints = (_key: string, value: unknown): unknown => (typeof value === 'bigint' ? value.toString() : value)
