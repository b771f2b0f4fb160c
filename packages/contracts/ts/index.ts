export { fleetManagerAbi, fleetManagerBytecode } from './generated/fleetManager.ts'
export { halo2VerifierWrapperAbi, halo2VerifierWrapperBytecode } from './generated/halo2VerifierWrapper.ts'
export { merkleVerifierAbi, merkleVerifierBytecode } from './generated/merkleVerifier.ts'
export { nodeRegistryAbi, nodeRegistryBytecode } from './generated/nodeRegistry.ts'
export { projectDeviceAbi, projectDeviceBytecode } from './generated/projectDevice.ts'
export { projectRegistrarAbi, projectRegistrarBytecode } from './generated/projectRegistrar.ts'
export { proverRegistrarAbi, proverRegistrarBytecode } from './generated/proverRegistrar.ts'
export { riscZeroGroth16VerifierAbi, riscZeroGroth16VerifierBytecode } from './generated/riscZeroGroth16Verifier.ts'
export { riscZeroVerifierRouterAbi, riscZeroVerifierRouterBytecode } from './generated/riscZeroVerifierRouter.ts'
export { routerAbi, routerBytecode } from './generated/router.ts'
export { signedReadingsAbi, signedReadingsBytecode } from './generated/signedReadings.ts'
export {
  signedReadingsVerifierAbi,
  signedReadingsVerifierBytecode,
  signedReadingsVerifierRuntimeBytecode,
} from './generated/signedReadingsVerifier.ts'
export { verifierRegistryAbi, verifierRegistryBytecode } from './generated/verifierRegistry.ts'
export { w3bstreamRouterAbi, w3bstreamRouterBytecode } from './generated/w3bstreamRouter.ts'
export { w3bstreamSettlementAbi, w3bstreamSettlementBytecode } from './generated/w3bstreamSettlement.ts'
export { weatherStatsAbi, weatherStatsBytecode } from './generated/weatherStats.ts'
export {
  weatherVerifierAbi,
  weatherVerifierBytecode,
  weatherVerifierRuntimeBytecode,
} from './generated/weatherVerifier.ts'
