/**
 * What a wasm-bindgen module takes for JavaScript objects. Each is a frozen object without prototype and without functions in it: a module that
 * follows its properties, by whatever import, finds nothing of Node behind them.
 */
export type HostObject = Readonly<
  | { kind: 'global' }
  | { kind: 'crypto' }
  | { kind: 'memory' }
  /** `bytes` lies in the module's own memory, or in a buffer made for it. */
  | { kind: 'bytes'; bytes: () => Uint8Array }
  /** A slice whose type the module's import does not tell: a text as it was when handed over, or the bytes themselves. */
  | { kind: 'slice'; bytes: () => Uint8Array; copy: Uint8Array }
  | { kind: 'function'; result: HostValue }
  | { kind: 'error'; message: string }
>
export type HostValue = HostObject | string | number | bigint | boolean | null | undefined

const issued = new WeakSet<object>()

export function hostObject(value: HostObject): HostObject {
  const object: HostObject = Object.freeze(Object.assign(Object.create(null), value))
  issued.add(object)
  return object
}

/** Narrows what came out of a module: only what this process handed in is believed. */
export function hostValue(value: unknown): HostValue {
  switch (typeof value) {
    case 'string':
    case 'number':
    case 'bigint':
    case 'boolean':
    case 'undefined':
      return value
    default:
      return isIssued(value) ? value : null
  }
}

function isIssued(value: unknown): value is HostObject {
  return typeof value === 'object' && value !== null && issued.has(value)
}

const lossy = new TextDecoder()

/** The text that a value is, or null. */
export function textOf(value: HostValue): string | null {
  if (typeof value === 'string') return value
  return isIssued(value) && value.kind === 'slice' ? lossy.decode(value.copy) : null
}

/** The byte array that a value is, or null. */
export function bytesOf(value: HostValue): Uint8Array | null {
  return isIssued(value) && (value.kind === 'bytes' || value.kind === 'slice') ? value.bytes() : null
}

export function isObject(value: HostValue): boolean {
  return isIssued(value) && value.kind !== 'function'
}

/** How a value is shown in messages. */
export function describe(value: HostValue): string {
  const text = textOf(value)
  if (text !== null) return text
  if (isIssued(value)) return value.kind === 'error' ? value.message : `[${value.kind}]`
  return String(value)
}
