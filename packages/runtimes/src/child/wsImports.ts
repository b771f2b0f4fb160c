import type { GuestMemory } from './GuestMemory.ts'
import type { ProgramLog } from './ProgramLog.ts'
import { ProgramThrow } from './ProgramThrow.ts'
import { Refusal } from './Refusal.ts'

const OK = 0
const FAILED = -1
const MOST_STORED_BYTES = 8 * 1024 * 1024
const MOST_KEYS = 100_000

/** What a ws program works on during one task. */
export interface WsState {
  /** The messages' data; a message's resource id is its index. */
  readonly data: readonly Uint8Array[]
  /** By resource id: what the program set through `ws_set_data`. */
  readonly set: Map<number, Uint8Array>
  /** Keys and values in hex. */
  readonly db: Map<string, Uint8Array>
  readonly memory: GuestMemory
  readonly log: ProgramLog
  /** The program's own `alloc`. */
  readonly alloc: (size: number) => unknown
}

/**
 * The host functions of W3bstream's modules. Those that compute are answered: messages, log, and a key-value store that lasts for the task. Those
 * that would reach outside (transactions, contract calls, SQL, MQTT, HTTP, metrics) and the environment, which is empty, return -1.
 * @returns the function, or null for a name that is not one of them
 */
export function wsImport(name: string, state: () => WsState): ((...args: readonly unknown[]) => unknown) | null {
  const handOut = (bytes: Uint8Array, pointerAt: unknown, lengthAt: unknown): number => {
    const { alloc, memory } = state()
    const pointer = alloc(bytes.length)
    if (typeof pointer !== 'number') throw new Refusal('program', 'its alloc returned no address')
    memory.write(pointer, bytes)
    memory.setWord(pointerAt, pointer)
    memory.setWord(lengthAt, bytes.length)
    return OK
  }
  const keep = <K>(map: Map<K, Uint8Array>, key: K, bytes: Uint8Array): number => {
    const kept = [...state().set.values(), ...state().db.values()].reduce((sum, value) => sum + value.length, 0)
    if (map.size >= MOST_KEYS || kept + bytes.length > MOST_STORED_BYTES)
      throw new Refusal('limit', `limit of ${MOST_STORED_BYTES} bytes stored in a task`)
    map.set(key, bytes)
    return OK
  }
  const hex = (pointer: unknown, length: unknown): string =>
    `0x${Buffer.from(state().memory.read(pointer, length, MOST_STORED_BYTES)).toString('hex')}`

  switch (name) {
    case 'ws_log':
      return (_level, pointer, length) => {
        state().log.add(state().memory.note(pointer, length))
        return OK
      }
    case 'ws_get_data':
      return (rid, pointerAt, lengthAt) => {
        const bytes = state().data[Number(rid)]
        return bytes ? handOut(bytes, pointerAt, lengthAt) : FAILED
      }
    case 'ws_set_data':
      return (rid, pointer, length) =>
        state().data[Number(rid)]
          ? keep(state().set, Number(rid), state().memory.read(pointer, length, MOST_STORED_BYTES))
          : FAILED
    case 'ws_get_event_type':
      return (_rid, pointerAt, lengthAt) => handOut(Buffer.from('DEFAULT'), pointerAt, lengthAt)
    case 'ws_get_db':
      return (key, keyLength, pointerAt, lengthAt) => {
        const bytes = state().db.get(hex(key, keyLength))
        return bytes ? handOut(bytes, pointerAt, lengthAt) : FAILED
      }
    case 'ws_set_db':
      return (key, keyLength, pointer, length) =>
        keep(state().db, hex(key, keyLength), state().memory.read(pointer, length, MOST_STORED_BYTES))
    // AssemblyScript's runtime: texts are UTF-16 with their byte length in front.
    case 'abort':
      return (message, _file, line, column) => {
        throw new ProgramThrow(`${wideText(state().memory, message)} (${line}:${column})`)
      }
    case 'trace':
      return (message) => state().log.add(wideText(state().memory, message))
    case 'seed':
      return () => Math.random() * 2 ** 53
    default:
      return /^ws_[a-z_]+$/.test(name) ? () => FAILED : null
  }
}

function wideText(memory: GuestMemory, pointer: unknown): string {
  const at = Number(pointer)
  if (at === 0) return ''
  const length = Math.min(memory.word(at - 4), 4096) & ~1
  return new TextDecoder('utf-16le').decode(Uint8Array.from(memory.view(at, length)))
}
