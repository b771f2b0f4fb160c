import type { VmType } from '@w3bstream/protocol'
import type { Command } from 'commander'
import { UsageError } from './errors/UsageError.ts'

const KINDS: readonly VmType[] = ['halo2', 'risc0', 'zkwasm', 'wasm']

/** Adds `--runtime`. */
export function withRuntimes(command: Command): Command {
  return command.option(
    '--runtime <kind=address>',
    'a runtime of your own over gRPC, such as risc0=grpc://127.0.0.1:4001; repeatable (default: W3B_RUNTIMES)',
    (value: string, before: readonly string[] = []): readonly string[] => [...before, value],
  )
}

/**
 * Reads which runtimes somebody else's image serves.
 *
 * @param given each `--runtime`, such as `risc0=grpc://127.0.0.1:4001` or `zkwasm=grpc+unix:/run/zkwasm.sock`
 * @param variable W3B_RUNTIMES, the same with commas between, for kinds that no flag names
 * @throws {UsageError}
 */
export function readRuntimes(given: readonly string[], variable: string | undefined): ReadonlyMap<VmType, string> {
  const fromVariable = (variable ?? '').split(',').map((text) => text.trim())
  const found = new Map(fromVariable.filter((text) => text !== '').map((text) => entry('W3B_RUNTIMES', text)))
  const flags = given.map((text) => entry('--runtime', text))
  const kinds = flags.map(([kind]) => kind)
  const twice = kinds.find((kind, i) => kinds.indexOf(kind) !== i)
  if (twice !== undefined) throw new UsageError(`--runtime names ${twice} twice.`)
  for (const [kind, address] of flags) found.set(kind, address)
  return found
}

function entry(option: string, text: string): [VmType, string] {
  const [, name, address = ''] = /^([^=]*)=(.*)$/.exec(text) ?? []
  const kind = KINDS.find((candidate) => candidate === name)
  if (kind === undefined || !/^grpcs?:\/\/[^/\s@]+:[0-9]{1,5}$|^grpc\+unix:(?:\/\/)?\/\S+$/.test(address))
    throw new UsageError(
      `${option} has to be such as risc0=grpc://127.0.0.1:4001 or risc0=grpc+unix:/run/risc0.sock.`,
      `Kinds: ${KINDS.join(', ')}.`,
    )
  return [kind, address]
}
