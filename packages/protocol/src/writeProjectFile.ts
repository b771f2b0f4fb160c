import { stringifyExactJson } from './exactJson.ts'
import type { InputScheme, Output, ProjectConfig, ProjectVersion, VmType } from './Project.ts'

const VM_TYPE_IDS: Readonly<Record<VmType, number>> = { risc0: 1, halo2: 2, zkwasm: 3, wasm: 4 }

/**
 * Writes a project file in the shape `{defaultVersion, versions}`; what has its default value is left out.
 *
 * @returns UTF-8 JSON, the same bytes for the same config; `parseProjectFile` gives the config back, with the hash of these bytes
 */
export function writeProjectFile(config: Omit<ProjectConfig, 'hash'>): Uint8Array {
  const file = {
    ...config.unknown,
    defaultVersion: config.defaultVersion,
    versions: config.versions.map(versionObject),
  }
  return new TextEncoder().encode(stringifyExactJson(file))
}

function versionObject(version: ProjectVersion): Record<string, unknown> {
  const { aggregation, limits, devices } = version
  const [only, ...others] = version.outputs
  // Other programs know `output` alone; one in `unknown` is already there for them.
  const single = only !== undefined && others.length === 0 && !('output' in version.unknown) ? only : undefined
  return {
    ...version.unknown,
    version: version.version,
    vmTypeID: VM_TYPE_IDS[version.vmType],
    codeExpParam: version.codeExpParam ?? undefined,
    ...(single === undefined ? { outputs: version.outputs.map(outputObject) } : { output: outputObject(single) }),
    aggregation: {
      amount: aggregation.amount,
      maxAgeMs: aggregation.maxAgeMs ?? undefined,
      maxBytes: aggregation.maxBytes ?? undefined,
    },
    resourceRequest: version.proverAmount === 1 ? undefined : { proverAmount: version.proverAmount },
    inputs: version.inputs.scheme === 'none' ? undefined : inputsObject(version.inputs),
    provingKey: version.provingKey ?? undefined,
    verifier: version.verifier,
    limits:
      limits.timeoutMs === null && limits.memoryBytes === null
        ? undefined
        : { timeoutMs: limits.timeoutMs ?? undefined, memoryBytes: limits.memoryBytes ?? undefined },
    retentionDays: version.retentionDays ?? undefined,
    devices: devices.unsigned === 'accept' && devices.legacyReplay === 'accept' ? undefined : devices,
    code: version.code,
  }
}

function outputObject(output: Output): Record<string, unknown> {
  switch (output.type) {
    case 'stdout':
      return { type: output.type }
    case 'settlement': {
      const { type, contractAbiJSON } = output
      return { type, settlement: contractAbiJSON === undefined ? undefined : { contractAbiJSON } }
    }
    case 'ethereumContract': {
      const { type, receiverAddress, ...ethereum } = output
      return { type, ethereum: { ...ethereum, receiverAddress: receiverAddress ?? undefined } }
    }
    case 'solanaProgram': {
      const { type, stateAccountPK, ...solana } = output
      return { type, solana: { ...solana, stateAccountPK: stateAccountPK ?? undefined } }
    }
    case 'textile':
      return { type: output.type, textile: { vaultID: output.vaultID } }
  }
}

function inputsObject(inputs: InputScheme): Record<string, unknown> {
  if (inputs.scheme !== 'poseidon-bn254') return { scheme: inputs.scheme }
  // Bounds beyond 2^53 go as strings: not every reader of JSON keeps such digits.
  const bound = (value: bigint) => (Number.isSafeInteger(Number(value)) ? Number(value) : value.toString())
  return {
    scheme: inputs.scheme,
    capacity: inputs.capacity,
    fields: inputs.fields.map(({ name, scale, min, max }) => ({ name, scale, min: bound(min), max: bound(max) })),
  }
}
